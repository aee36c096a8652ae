package process

import (
	"errors"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// The disk with the audit file is full for a while, from the middle of a line on. Decisions go on, each entry that is not in the file is in
// the log, whole, and counted. When there is room again the record goes on as one chain and says how many entries it misses.
func TestP3_DiskFullForTheAuditRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	i := w.instances[0]
	i.start()
	decide := func(n int) {
		for range n {
			id, key := w.Opened()
			w.Move("bob", key, "Approved")
			w.Eventually("the decision", func() bool { return w.State(id) == "APPROVED" && w.Link(id).Phase == bridge.PhaseClosed })
		}
	}
	const before, during, after = 3, 5, 4
	decide(before)
	w.Eventually("the entries", func() bool { return len(i.audited()) == before })

	info, err := os.Stat(i.audit)
	require.NoError(t, err)
	err = limitFiles(i.cmd.Process.Pid, uint64(info.Size())+100)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no way to limit the size of another process's files")
	}
	require.NoError(t, err)
	decide(during)
	w.Eventually("the failures", func() bool { return i.metric("accessbridge_audit_failures_total") == during })
	require.Equal(t, during, i.logged(`"level":"ERROR"`, "audit entry not written", `\"outcome\":\"applied\"`, `\"person\":\"bob@example.com\"`))
	require.Equal(t, http.StatusOK, i.ready())
	whole, report := i.verify()
	require.True(t, whole, report)
	require.Contains(t, report, "torn line")

	require.NoError(t, limitFiles(i.cmd.Process.Pid, unlimited))
	decide(after)
	w.Eventually("the entries", func() bool { return len(i.audited()) == before+after })
	i.stop()
	whole, report = i.verify()
	require.True(t, whole, report)
	require.Contains(t, report, "torn line")
	require.Contains(t, report, strconv.Itoa(during)+" entries before this line could not be written")
	require.Len(t, i.audited(), before+after)
}
