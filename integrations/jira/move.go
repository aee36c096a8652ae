package jira

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/integrations/internal/incident"
	"github.com/accessbridge/accessbridge/internal/httpx"
	gojira "github.com/andygrunwald/go-jira"
)

// start is how a new issue gets to the pending status.
type start struct {
	// there is true when it begins in it.
	there bool
	// transition is the id of the transition that leads there; empty when there is none.
	transition string
}

// settle moves a new issue to the pending status where its workflow starts elsewhere. A failure is logged and tried once more:
// the issue exists, which is what matters.
func (j *Jira) settle(ctx context.Context, ref bridge.Ref, t Target) {
	if len(j.set.Statuses.Pending) == 0 {
		return
	}
	st, err := j.learn(ctx, ref, strings.ToLower(t.Project+"/"+t.IssueType))
	if err == nil && (st.there || st.transition == "") {
		return
	}
	if err == nil {
		err = j.transit(ctx, ref, st.transition)
	}
	if err != nil && !errors.Is(err, errMoved) {
		err = j.begin(ctx, ref)
	}
	if err != nil && !errors.Is(err, errMoved) {
		j.Log.WarnContext(ctx, "new issue was not moved to the pending status", "external_id", ref.ID, "error", err)
	}
}

// learn returns where issues like ref start, which the answer to a create call does not say. It reads ref, which must be new, if that is
// not known yet; what is known once stays so.
func (j *Jira) learn(ctx context.Context, ref bridge.Ref, key string) (start, error) {
	return j.starts.Get(ctx, key, math.MaxInt64, func(ctx context.Context) (start, error) {
		i, err := j.unmoved(ctx, ref)
		if err != nil {
			return start{}, err
		}
		st := start{there: has(j.set.Statuses.Pending, i.Fields.Status.ID, i.Fields.Status.Name)}
		if tr, ok := reach(i.Transitions, j.set.Statuses.Pending); ok {
			st.transition = tr.ID
		}
		if !st.there && st.transition == "" {
			j.Log.WarnContext(ctx, "new issues cannot be moved to the pending status", "external_id", ref.ID,
				"status", i.Fields.Status.Name, "reachable", strings.Join(names(i.Transitions), ", "))
		}
		return st, nil
	})
}

// errMoved is met where somebody has moved a new issue already. It stays where it was moved to, which may be a decision.
var errMoved = errors.New("somebody has moved the issue already")

// unmoved is standing for a new issue.
func (j *Jira) unmoved(ctx context.Context, ref bridge.Ref) (*issue, error) {
	i, err := j.read(ctx, ref, url.Values{"fields": {"status"}, "expand": {"transitions,changelog"}})
	if err == nil && i.moved() {
		return nil, errMoved
	}
	return i, err
}

// begin brings a new issue to the pending status, unless somebody has moved it already.
func (j *Jira) begin(ctx context.Context, ref bridge.Ref) error {
	i, err := j.unmoved(ctx, ref)
	if err != nil {
		return err
	}
	return j.bringFrom(ctx, ref, i, j.set.Statuses.Pending)
}

// standing reads the status of an issue and the transitions it offers.
func (j *Jira) standing(ctx context.Context, ref bridge.Ref) (*issue, error) {
	return j.read(ctx, ref, url.Values{"fields": {"status"}, "expand": {"transitions"}})
}

// read reads an issue; bridge.ErrGone when it was deleted.
func (j *Jira) read(ctx context.Context, ref bridge.Ref, query url.Values) (*issue, error) {
	path, err := issuePath(ref)
	if err != nil {
		return nil, err
	}
	var i issue
	if err := j.call(ctx, http.MethodGet, path, query, nil, &i); err != nil {
		return nil, j.gone(ctx, ref, err)
	}
	if i.ID == "" {
		// Something between us and Jira has answered for it.
		return nil, fmt.Errorf("jira: the answer for issue %s is not an issue", incident.Named(ref.Key, ref.ID))
	}
	return &i, nil
}

// gone tells a deleted issue from one that merely cannot be seen any more: both are a 404. Only when the credentials hold and the
// project can be seen is the issue gone.
func (j *Jira) gone(ctx context.Context, ref bridge.Ref, err error) error {
	if !isStatus(err, http.StatusNotFound) {
		return err
	}
	if selfErr := j.call(ctx, http.MethodGet, "rest/api/2/myself", nil, nil, nil); selfErr != nil {
		return fmt.Errorf("jira: issue %s is not found, and the account cannot be checked: %w", incident.Named(ref.Key, ref.ID), selfErr)
	}
	project := j.set.Project
	if key, _, ok := strings.Cut(ref.Key, "-"); ok && projectKey.MatchString(key) {
		project = key
	}
	projectErr := j.call(ctx, http.MethodGet, "rest/api/2/project/"+url.PathEscape(project), nil, nil, nil)
	if projectErr != nil {
		return fmt.Errorf("jira: issue %s is not found; the account may have lost the permission to browse project %s: %w",
			incident.Named(ref.Key, ref.ID), project, projectErr)
	}
	return fmt.Errorf("jira: issue %s: %w", incident.Named(ref.Key, ref.ID), bridge.ErrGone)
}

// bring moves an issue to the first reachable of some statuses, unless it is in one of them already.
func (j *Jira) bring(ctx context.Context, ref bridge.Ref, wanted []string) error {
	i, err := j.standing(ctx, ref)
	if err != nil {
		return err
	}
	return j.bringFrom(ctx, ref, i, wanted)
}

// bringFrom is bring for an issue that has just been read.
func (j *Jira) bringFrom(ctx context.Context, ref bridge.Ref, i *issue, wanted []string) error {
	if has(wanted, i.Fields.Status.ID, i.Fields.Status.Name) {
		return nil
	}
	tr, ok := reach(i.Transitions, wanted)
	if !ok {
		return bridge.Terminal(fmt.Errorf("jira: issue %s in status %q has no transition to %s; it offers %s: "+
			"add the transition to the workflow, or name a status it reaches under statuses", incident.Named(i.Key, i.ID),
			cut(i.Fields.Status.Name, 100), quoted(wanted), cut(incident.Or(strings.Join(names(i.Transitions), ", "), "none"), 500)))
	}
	err := j.transit(ctx, ref, tr.ID)
	if isStatus(err, http.StatusBadRequest) || isStatus(err, http.StatusConflict) {
		// Somebody may have moved it in the meantime, to where it belongs.
		if again, readErr := j.standing(ctx, ref); readErr == nil && has(wanted, again.Fields.Status.ID, again.Fields.Status.Name) {
			return nil
		}
	}
	return err
}

func (j *Jira) transit(ctx context.Context, ref bridge.Ref, transition string) error {
	path, err := issuePath(ref, "transitions")
	if err != nil {
		return err
	}
	body := map[string]any{"transition": map[string]string{"id": transition}}
	return j.call(ctx, http.MethodPost, path, nil, body, nil)
}

// reach returns the transition to the first of the wanted statuses that has one.
func reach(list []gojira.Transition, wanted []string) (gojira.Transition, bool) {
	for _, want := range wanted {
		i := slices.IndexFunc(list, func(t gojira.Transition) bool { return has([]string{want}, t.To.ID, t.To.Name) })
		if i >= 0 {
			return list[i], true
		}
	}
	return gojira.Transition{}, false
}

// names lists where transitions lead.
func names(list []gojira.Transition) []string {
	var out []string
	for _, t := range list {
		out = append(out, fmt.Sprintf("%q", t.To.Name))
	}
	return out
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, " or ")
}

func isStatus(err error, code int) bool {
	var status *httpx.StatusError
	return errors.As(err, &status) && status.Code == code
}
