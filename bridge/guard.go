package bridge

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Guard calls do and turns its panic into an error, so that nothing a vendor answers can end the process. Where it happened is in the log, under
// the message what, which must be constant, with the attributes about.
func Guard(log *slog.Logger, what string, do func() error, about ...any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error(what, append(about, "stack", string(debug.Stack()))...) //nolint:sloglint // Callers pass constants.
			err = fmt.Errorf("%s: %v", what, p)
		}
	}()
	return do()
}
