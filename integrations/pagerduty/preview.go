package pagerduty

import (
	"context"
	"fmt"

	"github.com/accessbridge/accessbridge/bridge"
)

var _ bridge.Previewer = (*PagerDuty)(nil)

// Preview returns the texts as PagerDuty would be sent them.
func (p *PagerDuty) Preview(ctx context.Context, d bridge.Draft, notes []bridge.Note) (bridge.Preview, error) {
	given, ok := d.Settings.(*Target)
	if !ok && d.Settings != nil {
		return bridge.Preview{}, bridge.Terminal(fmt.Errorf("pagerduty: the settings of the route are %T, not PagerDuty's", d.Settings))
	}
	out := bridge.Preview{}
	out.Title, out.Body = form.Opening(ctx, p.Log, p.set.merged(given).Texts, d, p.howToDecide())
	for _, n := range notes {
		out.Notes = append(out.Notes, form.NoteText(n))
	}
	return out, nil
}
