package opsgenie

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/accessbridge/accessbridge/simulators/alerting"
	"github.com/accessbridge/accessbridge/simulators/standin"
)

// entry is a note or a log entry with its place in the list.
type entry struct {
	offset string
	body   map[string]any
}

func (s *Server) listNotes(c *call) (standin.Reply, error) {
	return s.listEntries(c, func(alert alerting.Alert) (out []entry) {
		for _, n := range alert.Notes {
			at := strconv.FormatInt(n.At.UnixMilli(), 10) + "_" + n.ID
			out = append(out, entry{at, map[string]any{"note": n.Text, "owner": n.Owner, "createdAt": alerting.Date(n.At), "offset": at}})
		}
		return out
	})
}

func (s *Server) listLogs(c *call) (standin.Reply, error) {
	return s.listEntries(c, func(alert alerting.Alert) (out []entry) {
		for _, l := range alert.Log {
			out = append(out, entry{l.Offset, map[string]any{
				"log": l.Text, "type": l.Type, "owner": l.Owner, "createdAt": alerting.Date(l.At), "offset": l.Offset,
			}})
		}
		return out
	})
}

// listEntries answers a page: the newest first unless order says otherwise, and what comes after (or, with the direction prev,
// before) the offset.
func (s *Server) listEntries(c *call, of func(alerting.Alert) []entry) (standin.Reply, error) {
	alert, err := s.alert(c)
	if err != nil {
		return standin.Reply{}, err
	}
	limit, err := c.Number("limit", defaultPage, 1, maxPage)
	if err != nil {
		return standin.Reply{}, err
	}
	order, err := c.Choice("order", "desc", "asc")
	if err != nil {
		return standin.Reply{}, err
	}
	direction, err := c.Choice("direction", "next", "prev")
	if err != nil {
		return standin.Reply{}, err
	}
	all := of(alert)
	if order == "desc" {
		slices.Reverse(all)
	}
	page, more := part(all, c.Query.Get("offset"), order == "desc", direction == "prev", limit)
	p := &paging{First: s.entriesAt(c, "")}
	if more && direction == "next" {
		p.Next = s.entriesAt(c, page[len(page)-1].offset)
	}
	data := []map[string]any{}
	for _, e := range page {
		data = append(data, e.body)
	}
	return c.answer(envelope{Data: data, Paging: p})
}

// part is the page after the offset, or before it, and whether there is more. Offsets have one length, so they sort as text.
func part(all []entry, offset string, descending, before bool, limit int) (page []entry, more bool) {
	if offset != "" {
		all = slices.DeleteFunc(all, func(e entry) bool {
			order := strings.Compare(e.offset, offset)
			if descending {
				order = -order
			}
			return (before && order >= 0) || (!before && order <= 0)
		})
	}
	if len(all) <= limit {
		return all, false
	}
	if before {
		return all[len(all)-limit:], true
	}
	return all[:limit], true
}

// entriesAt is the address of a page of the same list.
func (s *Server) entriesAt(c *call, offset string) string {
	query := maps.Clone(c.Query)
	query.Del("offset")
	query.Set("direction", "next")
	if offset != "" {
		query.Set("offset", offset)
	}
	return s.URL() + c.URL.EscapedPath() + "?" + query.Encode()
}

// list splits a list of words; an empty text has none.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
