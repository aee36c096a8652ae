package httpx

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
)

// FuzzClassify holds the reading of an error answer to this: it has a class, a pause within bounds, and a short text.
func FuzzClassify(f *testing.F) {
	f.Add(uint16(429), "7", "application/json", `{"errorMessages":["slow down"],"errors":{"a":{"b":[1,"c"]}}}`)
	f.Add(uint16(429), "99999999999999999999", "text/plain", "\xff\xfe")
	f.Add(uint16(503), "-1", "text/html", "<html>")
	f.Add(uint16(503), "Sun, 06 Nov 1994 08:49:37 GMT", "", `"text"`)
	f.Add(uint16(302), "1e9", "", strings.Repeat("x", 1000))
	f.Add(uint16(200), "", "", "")
	f.Fuzz(func(t *testing.T, code uint16, after, contentType, body string) {
		resp := &http.Response{
			StatusCode: int(code), Header: http.Header{"Retry-After": {after}, "Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)),
			Request: httptest.NewRequest(http.MethodGet, "https://vendor.example/rest", nil),
		}
		defer func() { require.NoError(t, resp.Body.Close()) }()
		err := Classify(resp, nil)
		require.Equal(t, code >= 200 && code < 300, err == nil)
		if err == nil {
			return
		}
		class, pause := bridge.ClassOf(err)
		if class == bridge.ClassWait {
			require.GreaterOrEqual(t, pause, time.Second)
			require.LessOrEqual(t, pause, 5*time.Minute)
		}
		require.True(t, utf8.ValidString(err.Error()))
		require.LessOrEqual(t, utf8.RuneCountInString(err.Error()), maxMessage+200)
		require.Equal(t, code == http.StatusTooManyRequests, class == bridge.ClassWait && code != http.StatusServiceUnavailable)
	})
}
