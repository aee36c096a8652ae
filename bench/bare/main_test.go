package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	jirasim "github.com/accessbridge/accessbridge/simulators/jira"
)

func TestWhatIsSignedIsTakenAndNothingElse(t *testing.T) {
	ask := func(signature string) int {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/jira", strings.NewReader("body"))
		request.Header.Set("X-Hub-Signature", signature)
		answer := httptest.NewRecorder()
		router([]byte("secret")).ServeHTTP(answer, request)
		return answer.Code
	}
	require.Equal(t, http.StatusOK, ask(jirasim.Sign("secret", []byte("body"))))
	require.Equal(t, http.StatusUnauthorized, ask(jirasim.Sign("secret", []byte("another"))))
	require.Equal(t, http.StatusUnauthorized, ask(jirasim.Sign("guessed", []byte("body"))))
	require.Equal(t, http.StatusUnauthorized, ask(""))
}

func TestWithoutASecretNothingStarts(t *testing.T) {
	require.ErrorContains(t, serve(t.Context(), "127.0.0.1:0", "", "", t.TempDir()+"/missing"), "read the secret")
	require.ErrorContains(t, serve(t.Context(), "127.0.0.1:0", "", "", "/dev/null"), "the secret is empty")
}
