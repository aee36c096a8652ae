package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// spec describes one row of the result: its unit, and the most or the least its value may be. A row without a limit is reported only.
type spec struct {
	name, unit string
	limit      float64
	limited    bool
	least      bool // the limit is the least
}

func atMost(name, unit string, limit float64) spec {
	return spec{name: name, unit: unit, limit: limit, limited: true}
}

func atLeast(name, unit string, limit float64) spec {
	return spec{name: name, unit: unit, limit: limit, limited: true, least: true}
}

func reported(name, unit string) spec { return spec{name: name, unit: unit} }

// specs are all rows, in the order they are printed in.
func specs() []spec {
	list := []spec{
		atMost("open.idle.p50_ratio", "ratio", 1.10),
		atMost("open.burst.total_ratio", "ratio", 1.20),
		atMost("open.burst.missing", "requests", 0),
		atMost("open.burst.doubled", "requests", 0),
		atMost("decide.webhook.p50_ratio", "ratio", 1.15),
		atMost("decide.burst.total_ratio", "ratio", 1.25),
		atMost("decide.burst.undecided", "requests", 0),
		reported("webhook.answer.p50_ms", "ms"),
		atMost("open.vendor_calls", "calls/request", 1),
		atMost("open.teleport_calls", "calls/request", 2),
		atMost("decide.vendor_calls", "calls/request", 1),
		atMost("decide.teleport_calls", "calls/request", 3),
	}
	for _, v := range onCallVendors() {
		list = append(list,
			atMost(v.row(idleRatio), "ratio", 1.20),
			atMost(v.row(burstRatio), "ratio", 1.30),
			atMost(v.row(vendorCalls), "calls/request", mostCalls(v.kind)),
			atMost(v.row(lookUps), "calls", 20))
	}
	list = append(list,
		atMost("resync.vendor_calls", "calls", resyncRequests/100+20),
		reported("resync.seconds_to_ready", "s"),
		reported("cpu.ms_per_request", "ms"),
		atMost("rss.idle_mb", "MB", 50),
		atMost("rss.open5000_mb", "MB", 150),
		atMost("start.ms_to_ready", "ms", 150))
	list = append(list, loadSpecs()...)
	return append(list, guaranteeSpecs()...)
}

// mostCalls is how many calls of a vendor one request may take: who is on call, create, and two to note its end and be sure of it. By its
// contract Jira Service Management takes one more: the answer to creation has no id of the alert, alerts are addressed by id only, and
// closing takes no note.
func mostCalls(kind string) float64 {
	if kind == jsm().kind {
		return 5
	}
	return 4
}

// selected keeps the rows whose names begin with the prefix.
func selected(all []spec, prefix string) []spec {
	var out []spec
	for _, s := range all {
		if strings.HasPrefix(s.name, prefix) {
			out = append(out, s)
		}
	}
	return out
}

// figures are measured values by the name of their row.
type figures map[string]float64

// value is a number that JSON shows as null when it could not be measured.
type value float64

// MarshalJSON writes the number, rounded to a precision that is above every measurement here.
func (v value) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return []byte("null"), nil
	}
	return []byte(strconv.FormatFloat(math.Round(float64(v)*1e4)/1e4, 'f', -1, 64)), nil
}

// row is one line of the result. Limit is nil for a row that is reported only; AtLeast says that the value must not be below it.
type row struct {
	Name    string `json:"name"`
	Value   value  `json:"value"`
	Unit    string `json:"unit"`
	Limit   *value `json:"limit"`
	AtLeast bool   `json:"at_least,omitempty"`
	OK      bool   `json:"ok"`
}

// evaluate compares what was measured with the limits. A row without a measurement is never ok.
func evaluate(wanted []spec, measured figures) []row {
	rows := make([]row, 0, len(wanted))
	for _, s := range wanted {
		r := row{Name: s.name, Unit: s.unit, Value: value(math.NaN()), AtLeast: s.least}
		if v, ok := measured[s.name]; ok && !math.IsNaN(v) {
			r.Value, r.OK = value(v), true
		}
		if s.limited {
			limit := value(s.limit)
			r.Limit, r.OK = &limit, r.OK && s.keeps(float64(r.Value))
		}
		rows = append(rows, r)
	}
	return rows
}

// keeps reports whether a value keeps to the limit.
func (s spec) keeps(v float64) bool {
	if s.least {
		return v >= s.limit
	}
	return v <= s.limit
}

func allOK(rows []row) bool {
	for _, r := range rows {
		if !r.OK {
			return false
		}
	}
	return true
}

// printTable writes the rows for people.
func printTable(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "row\tvalue\tlimit\tunit\tresult\t\n")
	for _, r := range rows {
		limit, result := "-", "ok"
		if r.Limit != nil {
			limit = r.sign() + " " + readable(*r.Limit)
		}
		if !r.OK {
			result = "FAIL"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", r.Name, readable(r.Value), limit, r.Unit, result)
	}
	return w.Flush()
}

func (r row) sign() string {
	if r.AtLeast {
		return ">="
	}
	return "<="
}

func readable(v value) string {
	if math.IsNaN(float64(v)) {
		return "not measured"
	}
	return strconv.FormatFloat(math.Round(float64(v)*1e3)/1e3, 'f', -1, 64)
}

// printJSON writes the rows for programs.
func printJSON(out io.Writer, rows []row) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(rows)
}
