package certs

import (
	"log/slog"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapLogger returns a logger as certmagic wants it that writes to ours.
func zapLogger(log *slog.Logger) *zap.Logger { return zap.New(slogCore{log: log}) }

// slogCore hands zap's entries to slog: a constant message, what zap said as event, its fields in a group.
type slogCore struct {
	log    *slog.Logger
	fields []zapcore.Field
}

// Enabled leaves the details of the protocol out.
func (slogCore) Enabled(l zapcore.Level) bool { return l >= zapcore.InfoLevel }

// With returns a core that adds the fields to every entry.
func (c slogCore) With(fields []zapcore.Field) zapcore.Core {
	c.fields = append(slices.Clip(c.fields), fields...)
	return c
}

// Check adds the core to an entry that is to be written.
func (c slogCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write logs one entry.
func (c slogCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	encoder := zapcore.NewMapObjectEncoder()
	for _, f := range append(slices.Clip(c.fields), fields...) {
		f.AddTo(encoder)
	}
	switch {
	case e.Level >= zapcore.ErrorLevel:
		c.log.Error("acme certificates", "event", e.Message, "details", encoder.Fields)
	case e.Level == zapcore.WarnLevel:
		c.log.Warn("acme certificates", "event", e.Message, "details", encoder.Fields)
	default:
		c.log.Info("acme certificates", "event", e.Message, "details", encoder.Fields)
	}
	return nil
}

// Sync does nothing: slog keeps nothing back.
func (slogCore) Sync() error { return nil }
