package jira

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations/internal/testkit"
	sim "github.com/accessbridge/accessbridge/simulators/jira"
)

// proofs computes by itself which proofs a delivery gives, and whether one of them is wrong. There are three: a signature with one of the
// keys old and new, the account hook with the password pass, and the header X-Automation with the value value.
func proofs(body []byte, signature, authorization, header string) (right, wrong int) {
	count := func(given, ok bool) {
		switch {
		case given && ok:
			right++
		case given:
			wrong++
		}
	}
	method, sum, _ := strings.Cut(signature, "=")
	signed := strings.ToLower(method) + "=" + strings.ToLower(sum)
	count(signature != "", signed == sim.Sign("old", body) || signed == sim.Sign("new", body))
	scheme, encoded, _ := strings.Cut(authorization, " ")
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	count(strings.ToLower(scheme) == "basic", err == nil && string(plain) == "hook:pass")
	count(header != "", header == "value")
	return right, wrong
}

// FuzzVerify holds the proof of origin to this: a delivery is taken exactly if it gives a right proof and no wrong one.
func FuzzVerify(f *testing.F) {
	good := []byte(`{"webhookEvent":"jira:issue_updated"}`)
	for _, signature := range []string{"", sim.Sign("old", good), sim.Sign("new", good), sim.Sign("", good), "sha1=00", "sha256=", "SHA256=zz", strings.ToUpper(sim.Sign("new", good))} {
		for _, authorization := range []string{"", "Basic aG9vazpwYXNz", "basic  aG9vazpwYXNz ", "Basic aG9vazo=", "Bearer x", "Basic ="} {
			f.Add(good, signature, authorization, "value")
			f.Add(good, signature, authorization, "")
		}
	}
	f.Add([]byte{}, sim.Sign("old", nil), "", "values")
	j := &Jira{proof: newProof(Webhook{
		Secrets: testkit.Secrets("old", "new"),
		Basic:   &BasicAuth{User: "hook", Password: config.NewSecret("pass")},
		Header:  &HeaderAuth{Name: "X-Automation", Values: testkit.Secrets("value")},
	})}
	f.Fuzz(func(t *testing.T, body []byte, signature, authorization, header string) {
		h := http.Header{"X-Hub-Signature": {signature}, "Authorization": {authorization}, "X-Automation": {header}}
		right, wrong := proofs(body, signature, authorization, header)
		require.Equal(t, right > 0 && wrong == 0, j.Verify(bridge.Inbound{Header: h, Body: body}) == nil)

		signed := bridge.Inbound{Header: http.Header{"X-Hub-Signature": {sim.Sign("new", body)}}, Body: body}
		require.NoError(t, j.Verify(signed))
		signed.Body = append(slices.Clip(body), 0)
		require.Error(t, j.Verify(signed), "the signature covers every byte")
	})
}
