package bridge

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Guard calls do and turns its panic into an error, so that nothing a vendor answers can end the process. Where it happened is in the log.
func Guard(log *slog.Logger, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("call panicked", "stack", string(debug.Stack()))
			err = fmt.Errorf("call panicked: %v", p)
		}
	}()
	return do()
}
