package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/bridge/text"
	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/policy"
	"github.com/accessbridge/accessbridge/teleport"
)

// TextPreview is everything that would be written about a request at one integration.
type TextPreview struct {
	Integration, Type string
	// Raw is true where the integration cannot tell how its vendor would be sent the notes.
	Raw         bool
	Title, Body string
	// Notes are the notes by the names of their texts, Reason is what would stand in Teleport.
	Notes  []NamedText
	Reason string
}

// NamedText is one text with its name.
type NamedText struct{ Name, Text string }

// Preview shows what would be written about a request in the words of a route, at one integration, or at all that the route names. What people do
// is made up. It makes no call.
func Preview(ctx context.Context, cfg *config.Config, route string, req bridge.Request, integration string, log *slog.Logger) ([]TextPreview, error) {
	all := routes(cfg)
	at := slices.IndexFunc(all, func(r policy.Route) bool { return r.Name == route })
	if at < 0 {
		names := make([]string, len(all))
		for i, r := range all {
			names[i] = r.Name
		}
		return nil, fmt.Errorf("there is no route %q; there are: %s", route, strings.Join(names, ", "))
	}
	texts, err := compileTexts(cfg, log)
	if err != nil {
		return nil, err
	}
	var out []TextPreview
	for _, target := range all[at].Targets {
		if integration != "" && target.Integration != integration {
			continue
		}
		one, err := previewAt(ctx, cfg, target, route, req, texts, log)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the route %q has no target %q", route, integration)
	}
	return out, nil
}

func previewAt(ctx context.Context, cfg *config.Config, target bridge.Target, route string, req bridge.Request, texts *text.Set, log *slog.Logger) (TextPreview, error) {
	out := TextPreview{Integration: target.Integration, Raw: true}
	var notes []bridge.Note
	for _, v := range text.Examples(req, target.Integration, route) {
		name, said := text.NameOf(v), texts.Render(func() string { return route }, v)
		if name == text.NameReason {
			out.Reason = teleport.FitReason(said)
			continue
		}
		out.Notes = append(out.Notes, NamedText{Name: name, Text: said})
		notes = append(notes, bridge.Note{ID: name, Text: said})
	}
	made := explained(cfg, log)
	at := slices.IndexFunc(made, func(b built) bool { return b.name == target.Integration })
	if at < 0 {
		return out, nil
	}
	if made[at].err != nil {
		return out, made[at].err
	}
	out.Type = made[at].instance.Type
	source, ok := made[at].instance.Ticketer.(bridge.Previewer)
	if !ok {
		return out, nil
	}
	draft := bridge.Draft{Request: req, WebURL: teleport.RequestURL(cfg.Teleport.WebURL, req.ID), Settings: target.Settings}
	shown, err := source.Preview(ctx, draft, notes)
	if err != nil {
		return out, fmt.Errorf("%s: %w", target.Integration, err)
	}
	out.Raw, out.Title, out.Body = false, shown.Title, shown.Body
	for i := range shown.Notes {
		out.Notes[i].Text = shown.Notes[i]
	}
	return out, nil
}
