package process

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/simulators/jira"
	"github.com/accessbridge/accessbridge/test/harness"
)

const (
	warmUp = 4
	rounds = 8
	// perRound is how many requests, strange deliveries and short connections there are in a round.
	perRound = 40
)

// use is what a process uses: open files, goroutines, resident memory in MB.
type use struct {
	files, goroutines int
	memory            float64
}

// After a warm-up, more of the same takes no more open files, goroutines and memory: requests that are opened, decided and gone, refused
// deliveries on connections of their own, reconnects to Teleport and renewals of the identity. A leak of a single file or goroutine with each
// reconnect would show.
func TestFilesAndMemoryStayFlat(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("this system does not tell in /proc what a process uses")
	}
	t.Parallel()
	w := newWorld(t, 1)
	i := w.instances[0]
	i.start()
	var warm, now use
	for n := range warmUp + rounds {
		w.wear(n)
		if n < warmUp {
			now = i.uses(t)
			warm.files, warm.goroutines, warm.memory = max(warm.files, now.files), max(warm.goroutines, now.goroutines), max(warm.memory, now.memory)
			continue
		}
		flat := func() bool {
			now = i.uses(t)
			return now.files < warm.files+rounds/2 && now.goroutines < warm.goroutines+rounds/2 && (raceDetector || now.memory <= 1.3*warm.memory)
		}
		require.True(t, await(2*time.Minute, flat), "round %d: %+v after the warm-up, %+v now", n, warm, now)
	}
	t.Logf("%+v after the warm-up, %+v in the end", warm, now)
}

// wear is one round of use.
func (w *world) wear(n int) {
	w.T.Helper()
	var ids []string
	for range perRound {
		ids = append(ids, w.Ask())
	}
	for _, id := range ids {
		w.Move("bob", w.Key(id), []string{"Approved", "Denied"}[n%2])
	}
	w.knock()
	for _, id := range ids {
		w.Eventually("the end of "+id, func() bool { return w.Link(id).Phase == bridge.PhaseClosed })
		require.NoError(w.T, w.Teleport.Delete(id))
	}
	w.rotateIdentity(time.Duration(13+n) * time.Hour)
	if n%2 == 0 { // Each costs a longer pause than the one before.
		w.Teleport.DropConnections()
	}
	w.Eventually("the watch to be back", func() bool { return w.Teleport.Watchers() == 1 && w.instances[0].metric("accessbridge_requests") == 0 })
}

// knock sends deliveries with a wrong signature, each on a connection of its own.
func (w *world) knock() {
	w.T.Helper()
	transport, ok := w.Client.Transport.(*http.Transport)
	require.True(w.T, ok)
	own := transport.Clone()
	own.DisableKeepAlives = true
	client := &http.Client{Transport: own, Timeout: time.Minute}
	for range perRound {
		w.Eventually("an answer, on a connection that was not too slow for the listener", func() bool { return w.knockOnce(client) })
	}
}

// knockOnce sends such a delivery; false when the connection was cut off.
func (w *world) knockOnce(client *http.Client) bool {
	w.T.Helper()
	body := `{"webhookEvent":"jira:issue_updated"}`
	request, err := http.NewRequestWithContext(w.T.Context(), http.MethodPost,
		"https://"+w.instances[0].public+"/webhooks/"+harness.Main, strings.NewReader(body))
	require.NoError(w.T, err)
	request.Header.Set("X-Hub-Signature", jira.Sign("wrong", []byte(body)))
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	require.NoError(w.T, response.Body.Close())
	require.Equal(w.T, http.StatusUnauthorized, response.StatusCode)
	return true
}

// uses asks the system and the process what it uses.
func (i *instance) uses(t *testing.T) use {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", i.cmd.Process.Pid)
	files, err := os.ReadDir(proc + "fd")
	require.NoError(t, err)
	status, err := os.ReadFile(proc + "status")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	memory, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	require.NoError(t, err)
	return use{files: len(files), goroutines: int(i.metric("go_goroutines")), memory: memory / 1024}
}
