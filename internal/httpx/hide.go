package httpx

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "<hidden>"

// assigned is a credential in a text by its name, as addresses and forms have it. A colon after the name is left alone: vendors
// write what is wrong with a field that way.
var assigned = regexp.MustCompile(`(?i)([a-z0-9_-]*(?:token|secret|password|api_?key))=["']?[^\s"'&;,<>]+`)

// hideCredentials removes credentials from a text the vendor has sent back: the call's own wherever they stand and however they are
// escaped, and any that stand behind their name.
func hideCredentials(text string, req *http.Request) string {
	if req != nil {
		var replace []string
		for _, form := range forms(credentials(req)) {
			replace = append(replace, form, hidden)
		}
		text = strings.NewReplacer(replace...).Replace(text)
	}
	return assigned.ReplaceAllString(text, "$1="+hidden)
}

// credentials are the secrets of a call: of an Authorization header the whole, what follows the scheme, the password, and the value
// of a parameter, such as PagerDuty's token=.
func credentials(req *http.Request) []string {
	auth := req.Header.Get("Authorization")
	scheme, given, _ := strings.Cut(auth, " ")
	found := []string{auth, given}
	if _, password, ok := req.BasicAuth(); ok {
		return append(found, password)
	}
	if name, value, ok := strings.Cut(given, "="); ok && strings.EqualFold(scheme, name) {
		found = append(found, value, strings.Trim(value, `"`))
	}
	return found
}

// forms are the texts in which secrets may stand in an answer, the longest first, so that none is taken apart by a shorter one.
func forms(secrets []string) []string {
	var found []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		quoted, _ := json.Marshal(s) // a text always has a JSON form, which in Go escapes more than others do
		found = append(found, s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), string(quoted[1:len(quoted)-1]),
			strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return found
}
