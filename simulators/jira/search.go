package jira

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
)

// searchRequest is a search by GET or POST in either flavour.
type searchRequest struct {
	JQL             string     `json:"jql"`
	MaxResults      *int       `json:"maxResults"`
	StartAt         int        `json:"startAt"`
	NextPageToken   string     `json:"nextPageToken"`
	Fields          []string   `json:"fields"`
	Properties      []string   `json:"properties"`
	Expand          stringList `json:"expand"`
	ReconcileIssues []int      `json:"reconcileIssues"`
	ValidateQuery   any        `json:"validateQuery"`
}

// stringList is a list that Cloud takes as one comma-separated string and Data Center as an array.
type stringList []string

// UnmarshalJSON takes both forms.
func (l *stringList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = []string{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

func (c *call) searchRequest() (searchRequest, error) {
	var in searchRequest
	if c.Method == http.MethodPost {
		return in, c.decode(&in)
	}
	q := c.Query
	in = searchRequest{
		JQL: q.Get("jql"), NextPageToken: q.Get("nextPageToken"), Fields: q["fields"], Properties: q["properties"], Expand: q["expand"],
		ValidateQuery: q.Get("validateQuery"),
	}
	for _, id := range split(q["reconcileIssues"]) {
		n, err := strconv.Atoi(id)
		if err != nil {
			return in, badRequest("reconcileIssues must be a list of issue ids.")
		}
		in.ReconcileIssues = append(in.ReconcileIssues, n)
	}
	start, size, err := c.page(50, 5000)
	if q.Has("maxResults") {
		in.MaxResults = &size
	}
	in.StartAt = start
	return in, err
}

// filter parses and compiles the JQL.
func (s *Server) filter(c *call, in searchRequest, ignoreKeys bool) (*filter, error) {
	q, err := parseJQL(in.JQL)
	if err != nil {
		return nil, err
	}
	return s.compile(c.cat, q, s.now(), ignoreKeys)
}

// searchCloud is /search/jql: pages by token, no total, ids only unless fields are asked for.
func (s *Server) searchCloud(c *call) (reply, error) {
	in, err := c.searchRequest()
	if err != nil {
		return reply{}, err
	}
	f, err := s.filter(c, in, s.opt.IgnoreUnknownKeys)
	if err != nil {
		return reply{}, err
	}
	if len(f.query.clauses) == 0 {
		return reply{}, badRequest("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	if len(in.ReconcileIssues) > 50 {
		return reply{}, badRequest("At most 50 issues can be reconciled at once.")
	}
	after, err := openToken(in)
	if err != nil {
		return reply{}, err
	}
	sel := newSelection(in.Fields, in.Properties, in.Expand, nil)
	size := cloudPageSize(in, sel)
	var hits []hit
	if c.user.may("BROWSE_PROJECTS") {
		hits = s.store.search(f, s.now(), ids(in.ReconcileIssues), after, size+1)
	}
	out := map[string]any{"isLast": len(hits) <= size}
	if len(hits) > size {
		hits = hits[:size]
		out["nextPageToken"] = sealToken(in, hits[size-1].place)
	}
	out["issues"] = s.hitsJSON(c, hits, sel)
	return ok(out)
}

// cloudPageSize is 50 unless asked otherwise, at most 100, or 5000 when only ids are asked for.
func cloudPageSize(in searchRequest, sel selection) int {
	most := 5000
	if sel.all || len(sel.fields) > 0 || len(sel.properties) > 0 || len(sel.expand) > 0 {
		most = 100
	}
	if in.MaxResults == nil || *in.MaxResults <= 0 {
		return 50
	}
	return min(*in.MaxResults, most)
}

func ids(numbers []int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = strconv.Itoa(n)
	}
	return out
}

// hitsJSON renders a page; with nothing asked for an issue is only its id.
func (s *Server) hitsJSON(c *call, hits []hit, sel selection) []map[string]any {
	out := make([]map[string]any, 0, len(hits))
	for _, h := range hits {
		if !sel.all && len(sel.fields)+len(sel.properties)+len(sel.expand) == 0 {
			out = append(out, map[string]any{"id": h.issue.ID})
			continue
		}
		out = append(out, s.issueJSON(c, h.issue, sel))
	}
	return out
}

// pageToken is what a nextPageToken holds: the end of the page, and which query it belongs to.
type pageToken struct {
	Query uint64 `json:"q"`
	After place  `json:"a"`
}

func queryHash(in searchRequest) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(in.JQL)) // a hash never fails
	return h.Sum64()
}

func sealToken(in searchRequest, last place) string {
	data, err := json.Marshal(pageToken{Query: queryHash(in), After: last})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func openToken(in searchRequest) (*place, error) {
	if in.NextPageToken == "" {
		return nil, nil
	}
	var t pageToken
	data, err := base64.RawURLEncoding.DecodeString(in.NextPageToken)
	if err != nil || json.Unmarshal(data, &t) != nil || t.Query != queryHash(in) {
		return nil, badRequest("The provided next page token is invalid.")
	}
	return &t.After, nil
}

// searchGone is what is left of /search on Cloud (developer.atlassian.com/changelog/#CHANGE-2046).
func (s *Server) searchGone(*call) (reply, error) {
	return reply{}, failure(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
		"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
}

// searchDataCenter is /search: pages by startAt, with a total.
func (s *Server) searchDataCenter(c *call) (reply, error) {
	in, err := c.searchRequest()
	if err != nil {
		return reply{}, err
	}
	lenient := s.opt.IgnoreUnknownKeys || in.ValidateQuery == false || strings.EqualFold(toText(in.ValidateQuery), "false")
	f, err := s.filter(c, in, lenient)
	if err != nil {
		return reply{}, err
	}
	size := 50
	if in.MaxResults != nil {
		size = min(*in.MaxResults, 1000)
	}
	var hits []hit
	if c.user.may("BROWSE_PROJECTS") {
		hits = s.store.search(f, s.now(), nil, nil, 0)
	}
	sel := newSelection(in.Fields, in.Properties, in.Expand, []string{"*navigable"})
	return ok(map[string]any{
		"expand": "schema,names", "startAt": in.StartAt, "maxResults": size, "total": len(hits),
		"issues": s.hitsJSON(c, page(hits, max(0, in.StartAt), max(0, size)), sel),
	})
}

func toText(v any) string {
	text, _ := v.(string)
	return text
}
