package httpx

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The ways in which the vendors' clients authenticate.
var schemes = map[string]func(r *http.Request, secret string){
	"basic":    func(r *http.Request, secret string) { r.SetBasicAuth("bot@example.com", secret) },
	"bearer":   func(r *http.Request, secret string) { r.Header.Set("Authorization", "Bearer "+secret) },
	"GenieKey": func(r *http.Request, secret string) { r.Header.Set("Authorization", "GenieKey "+secret) },
	"token=":   func(r *http.Request, secret string) { r.Header.Set("Authorization", "Token token="+secret) },
	"alone":    func(r *http.Request, secret string) { r.Header.Set("Authorization", secret) },
}

// refused is the text of the error when a vendor refuses a call with the body.
func refused(t *testing.T, set func(*http.Request, string), secret, body string) string {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "https://vendor.example/rest", nil)
	set(req, secret)
	h := http.Header{"Content-Type": {"application/json"}}
	resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: req}
	defer func() { require.NoError(t, resp.Body.Close()) }()
	return Classify(resp, nil).Error()
}

func TestP7_CredentialsThatAVendorRepeatsAreHidden(t *testing.T) {
	const secret = `ATATT3x+F/"9&<=0A1B`
	encoded := base64.StdEncoding.EncodeToString([]byte("bot@example.com:" + secret))
	for name, set := range schemes {
		for _, body := range []string{
			secret + " is not valid",
			`{"message":"the credentials Basic ` + encoded + ` are not valid"}`,
			"GET /rest?token=" + url.QueryEscape(secret) + "&x=1 is not valid",
			"GET /rest/" + url.PathEscape(secret) + " is not valid",
			`{"message": "the header was \u0041uthorization: ` + strings.ReplaceAll(secret, `"`, `\"`) + ` is not valid"}`,
			`the call was {"token":"` + strings.ReplaceAll(secret, `"`, `\"`) + `"} is not valid`,
			"ATATT3x+F/&#34;9&amp;&lt;=0A1B is not valid",
			base64.StdEncoding.EncodeToString([]byte(secret)) + " is not valid",
		} {
			if strings.Contains(body, encoded) && name != "basic" {
				continue
			}
			text := refused(t, set, secret, body)
			for _, part := range []string{"ATATT3x", "F/", "0A1B", encoded, base64.StdEncoding.EncodeToString([]byte(secret))} {
				require.NotContains(t, text, part, "%s: %s", name, body)
			}
			require.Contains(t, text, "not valid", "the rest is still told")
		}
	}
}

func TestP7_CredentialsBehindTheirNameAreHidden(t *testing.T) {
	for body, want := range map[string]string{
		"GET /x?access_token=abc123&page=2 failed":         "GET /x?access_token=<hidden>&page=2 failed",
		`no account for token="abc123", or it has expired`: `no account for token=<hidden>", or it has expired`,
		"apiKey=abc123; api_key=abc123;clientSecret=abc":   "apiKey=<hidden>; api_key=<hidden>;clientSecret=<hidden>",
		"password: is too short, token: is not valid":      "password: is too short, token: is not valid",
		"project key=OPS is not valid":                     "project key=OPS is not valid",
		"the token = sign":                                 "the token = sign",
	} {
		require.True(t, strings.HasSuffix(refused(t, schemes["bearer"], "other", body), ": "+want), body)
	}
}

// Decoders quote what they cannot decode, as long as it may be.
func TestP7_ErrorOfAnAnswerThatCannotBeReadIsShort(t *testing.T) {
	req := httptest.NewRequest(http.MethodGet, "https://vendor.example/rest", nil)
	schemes["bearer"](req, "s3cr3t-token")
	cause := fmt.Errorf("%q is no date: %w", "s3cr3t-token"+strings.Repeat("x", 10_000), io.ErrUnexpectedEOF)
	err := Classify(&http.Response{StatusCode: http.StatusOK, Request: req}, cause)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotContains(t, err.Error(), "s3cr3t-token")
	require.Less(t, len(err.Error()), 400)
}

func FuzzHideCredentials(f *testing.F) {
	f.Add("s3cr3t-token", "Bearer s3cr3t-token", " and Token token=s3cr3t-token")
	f.Add("abcd==", "YWJjZD09", `{"message":"abcd=="}`)
	f.Add("0000", "000", "0000")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < 4 || strings.ContainsAny(secret, " \t\r\n\v\f<>") {
			t.Skip("no secret")
		}
		for name, set := range schemes {
			req := httptest.NewRequest(http.MethodGet, "https://vendor.example/rest", nil)
			set(req, secret)
			text := hideCredentials(before+secret+after, req)
			// What the neighbours make of it again was not repeated from the call.
			if !strings.Contains(before+hidden+after, secret) {
				require.NotContains(t, text, secret, name)
			}
		}
	})
}
