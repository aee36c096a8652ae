package alerting

import (
	"context"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
)

var _ bridge.Previewer = (*Tracker)(nil)

// opening are the message and description of an alert.
func (t *Tracker) opening(ctx context.Context, texts incident.Texts, d bridge.Draft) (title, body string) {
	return form().Opening(ctx, t.Log, texts, d, form().HowToDecide(t.rules, t.set.DecideBy))
}

// Preview returns the texts as the product would be sent them.
func (t *Tracker) Preview(ctx context.Context, d bridge.Draft, notes []bridge.Note) (bridge.Preview, error) {
	given, ok := d.Settings.(*Target)
	if !ok && d.Settings != nil {
		return bridge.Preview{}, t.terminal("the settings of the route are %T, not %s's", d.Settings, t.product.Name)
	}
	out := bridge.Preview{}
	out.Title, out.Body = t.opening(ctx, t.set.merged(given).Texts, d)
	for _, n := range notes {
		out.Notes = append(out.Notes, noteText(n))
	}
	return out, nil
}
