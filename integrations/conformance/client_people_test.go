package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/internal/httpx"
)

func notFound(err error) bool {
	status, _ := errors.AsType[*httpx.StatusError](err)
	return status != nil && status.Code == http.StatusNotFound
}

func (d *deskClient) Members(ctx context.Context, group string) ([]bridge.Actor, error) {
	var found []bridge.Actor
	method := http.MethodGet
	if d.is("lists groups by writing") {
		method = http.MethodPost
	}
	for page := 0; ; page++ {
		var listing struct {
			Members []deskPerson `json:"members"`
			More    bool         `json:"more"`
		}
		err := d.call(ctx, method, fmt.Sprintf("/groups/%s?page=%d", url.PathEscape(group), page), nil, &listing)
		if d.is("ignores unknown groups") && notFound(err) || d.is("keeps half a group") && page > 0 && err != nil {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("group %s: %w", group, err)
		}
		for _, p := range listing.Members {
			who := bridge.Actor{ID: p.ID, Email: p.Email, Automated: p.Bot && !d.is("counts programs in")}
			if d.is("names members by address") {
				who.ID = ""
			}
			found = append(found, who)
		}
		if !listing.More || d.is("reads half a group") {
			return found, nil
		}
	}
}

// place is the first recipient that the desk knows; empty for the place without a name.
func (d *deskClient) place(ctx context.Context, recipients []string) (string, error) {
	for _, name := range recipients {
		if name == "" || d.is("ignores recipients") {
			continue
		}
		if d.is("believes any recipient") {
			return name, nil
		}
		err := d.call(ctx, http.MethodGet, "/places/"+url.PathEscape(name), nil, nil)
		switch {
		case err == nil:
			return name, nil
		case d.is("insists on recipients"), !notFound(err) && !d.is("takes faults for unknown"):
			return "", bridge.Unsent(err)
		case !d.is("says nothing of recipients"):
			d.log.Warn("no such place", "place", name)
		}
	}
	return "", nil
}
