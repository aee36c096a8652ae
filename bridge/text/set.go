package text

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
)

// Set is the texts of one configuration. The zero value and nil have the built-in ones.
type Set struct {
	builtin map[string]*replacement
	general map[string]*replacement
	// routes are the texts of single routes, by the route's name.
	routes map[string]map[string]*replacement
	log    *slog.Logger
}

// replacement is a template of the configuration.
type replacement struct {
	*Template
	// faulty is set once a fault of it is logged.
	faulty atomic.Bool
}

// New makes a set of the configured templates, by name, and those of routes, by route and name. The log takes faults that show only when a
// text is written.
func New(general map[string]string, routes map[string]map[string]string, log *slog.Logger) (*Set, error) {
	s := &Set{routes: map[string]map[string]*replacement{}, log: log}
	var err error
	if s.builtin, err = replacements(builtin()); err != nil {
		return nil, err
	}
	if s.general, err = replacements(general); err != nil {
		return nil, err
	}
	for route, texts := range routes {
		if s.routes[route], err = replacements(texts); err != nil {
			return nil, fmt.Errorf("route %s: %w", route, err)
		}
	}
	return s, nil
}

func replacements(sources map[string]string) (map[string]*replacement, error) {
	out := map[string]*replacement{}
	for name, source := range sources {
		t, err := Parse(source, nil)
		if err != nil {
			return nil, fmt.Errorf("text %s: %w", name, err)
		}
		out[name] = &replacement{Template: t}
	}
	return out, nil
}

// Check reports what is wrong with a template for the named text; nil when nothing is. It is tried over samples of every shape.
func Check(name, source string) error {
	t, err := Parse(source, nil)
	if err != nil {
		return err
	}
	return t.TryText(samples(name)...)
}

// Render writes a text: by the template of the route, or else of the configuration, or else the built-in one. The route is asked for only where
// it matters; nil stands for none. A template that fails, or that writes nothing, is replaced by the built-in one, and logged once.
func (s *Set) Render(route func() string, v View) string {
	name := v.textName()
	if chosen := s.choose(name, route); chosen != nil {
		text, err := chosen.Render(v)
		if err == nil && strings.TrimSpace(text) != "" {
			return text
		}
		if !chosen.faulty.Swap(true) && s.log != nil {
			s.log.Warn("a configured text cannot be written, the built-in one is", "text", name, "error", err)
		}
	}
	own := s.own(name)
	if own == nil {
		return ""
	}
	text, _ := own.Render(v)
	return text
}

// own returns the built-in template.
func (s *Set) own(name string) *Template {
	if s != nil && s.builtin[name] != nil {
		return s.builtin[name].Template
	}
	t, err := Parse(Builtin(name), nil)
	if err != nil {
		return nil
	}
	return t
}

// choose returns the template that replaces the built-in one; nil where none does.
func (s *Set) choose(name string, route func() string) *replacement {
	if s == nil {
		return nil
	}
	if route != nil && s.overridden(name) {
		if chosen := s.routes[route()][name]; chosen != nil {
			return chosen
		}
	}
	return s.general[name]
}

// overridden reports whether any route has a template of its own for the text.
func (s *Set) overridden(name string) bool {
	for _, texts := range s.routes {
		if texts[name] != nil {
			return true
		}
	}
	return false
}
