package jsm

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// entry is a note or a log entry with the key that a page may begin after.
type entry struct {
	key  string
	body map[string]any
}

func (s *Server) note(n alerting.Note) map[string]any {
	updated := n.At
	if !n.Edited.IsZero() {
		updated = n.Edited
	}
	return map[string]any{
		"id": n.ID, "note": n.Text, "owner": s.owner(n.Owner), "createdAt": alerting.Date(n.At), "updatedAt": alerting.Date(updated),
	}
}

func (s *Server) listNotes(c *call) (standin.Reply, error) {
	return s.listEntries(c, func(alert alerting.Alert) (out []entry) {
		for _, n := range alert.Notes {
			out = append(out, entry{n.ID, s.note(n)})
		}
		return out
	})
}

func (s *Server) listLogs(c *call) (standin.Reply, error) {
	return s.listEntries(c, func(alert alerting.Alert) (out []entry) {
		for _, l := range alert.Log {
			out = append(out, entry{l.Offset, map[string]any{
				"log": l.Text, "logType": l.Type, "owner": s.owner(l.Owner), "logTime": alerting.Date(l.At),
			}})
		}
		return out
	})
}

// listEntries answers the page that begins after the key.
func (s *Server) listEntries(c *call, of func(alerting.Alert) []entry) (standin.Reply, error) {
	alert, err := s.alert(c)
	if err != nil {
		return standin.Reply{}, err
	}
	size, err := c.Number("size", defaultPage, 1, maxPage)
	if err != nil {
		return standin.Reply{}, err
	}
	all := of(alert)
	if !s.opt.OldestFirst {
		slices.Reverse(all)
	}
	from := 0
	if after := c.Query.Get("after"); after != "" {
		i := slices.IndexFunc(all, func(e entry) bool { return e.key == after })
		if i < 0 {
			return standin.Reply{}, alerting.Wrong("after", "There is no such record.")
		}
		from = i + 1
	}
	page := cut(all, from, size)
	var link links
	if from+size < len(all) {
		link = s.next(c, url.Values{"after": {page[size-1].key}, "size": {strconv.Itoa(size)}})
	}
	values := []map[string]any{}
	for _, e := range page {
		values = append(values, e.body)
	}
	return standin.OK(map[string]any{"values": values, "links": link})
}
