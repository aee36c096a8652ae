package incident

import (
	"time"

	"github.com/accessbridge/accessbridge/config"
)

// shiftsFor is how old an answer about who is on call may be when it approves. It is short, and lets many requests at once share a call.
const shiftsFor = 3 * time.Second

// BarredFor is how old an answer about who is on call may be when an object is read and it says who may decide there: as old as the engine lets
// what was read become before it reads again.
const BarredFor = 15 * time.Second

// Rota are the settings of an account that knows who is on call. An integration embeds them inline in its own settings, beside Common.
type Rota struct {
	OnCallEvery config.Duration `yaml:"on_call_every" jsonschema_description:"How often it is read again who is on call while a request waits, so that a shift that starts meanwhile counts. Default 30s."`
}

// DefaultRota are the defaults.
func DefaultRota() Rota { return Rota{OnCallEvery: config.Duration(30 * time.Second)} }

// Check reports every fault of the settings.
func (r Rota) Check(p *config.Problems) {
	p.Duration("on_call_every", r.OnCallEvery, time.Second, 10*time.Minute)
}

// ShiftsFor is how old an answer about who is on call may be when it approves: no older than the pause between two readings.
func (r Rota) ShiftsFor() time.Duration { return min(shiftsFor, r.OnCallEvery.Std()) }
