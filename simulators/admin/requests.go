package admin

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/trace"

	"github.com/accessbridge/accessbridge/simulators/teleport"
)

type requestView struct {
	ID                 string                       `json:"id"`
	User               string                       `json:"user"`
	State              string                       `json:"state"`
	Roles              []string                     `json:"roles"`
	Resources          []string                     `json:"resources,omitempty"`
	Reason             string                       `json:"reason"`
	SuggestedReviewers []string                     `json:"suggested_reviewers,omitempty"`
	ThresholdApprove   uint32                       `json:"threshold_approve"`
	ThresholdDeny      uint32                       `json:"threshold_deny"`
	Reviews            []reviewView                 `json:"reviews"`
	ResolveReason      string                       `json:"resolve_reason,omitempty"`
	AccessList         string                       `json:"access_list,omitempty"`
	Created            time.Time                    `json:"created"`
	Expires            time.Time                    `json:"expires"`
	AccessExpires      time.Time                    `json:"access_expires"`
	PluginData         map[string]map[string]string `json:"plugin_data,omitempty"`
}

type reviewView struct {
	User    string    `json:"user"`
	State   string    `json:"state"`
	Reason  string    `json:"reason"`
	Created time.Time `json:"created"`
}

func stateName(s types.RequestState) string { return strings.ToLower(s.String()) }

func viewRequest(req types.AccessRequest) requestView {
	out := requestView{
		ID: req.GetName(), User: req.GetUser(), State: stateName(req.GetState()), Roles: req.GetRoles(),
		Reason: req.GetRequestReason(), SuggestedReviewers: req.GetSuggestedReviewers(), Reviews: []reviewView{},
		ResolveReason: req.GetResolveReason(), AccessList: req.GetPromotedAccessListName(),
		Created: req.GetCreationTime(), Expires: req.Expiry(), AccessExpires: req.GetAccessExpiry(),
	}
	for _, resource := range req.GetRequestedResourceIDs() {
		out.Resources = append(out.Resources, types.ResourceIDToString(resource))
	}
	for _, threshold := range req.GetThresholds() {
		out.ThresholdApprove, out.ThresholdDeny = threshold.Approve, threshold.Deny
	}
	for _, review := range req.GetReviews() {
		out.Reviews = append(out.Reviews, reviewView{
			User: review.Author, State: stateName(review.ProposedState), Reason: review.Reason, Created: review.Created,
		})
	}
	return out
}

func (a *api) listRequests(*http.Request) (any, error) {
	out := []requestView{}
	for _, req := range a.world.Teleport.Requests() {
		out = append(out, viewRequest(req))
	}
	return out, nil
}

func (a *api) getRequest(r *http.Request) (any, error) {
	req, err := a.request(r)
	if err != nil {
		return nil, err
	}
	out := viewRequest(req)
	out.PluginData = a.world.Teleport.PluginData(out.ID)
	return out, nil
}

// request finds the request that the path names.
func (a *api) request(r *http.Request) (types.AccessRequest, error) {
	id := r.PathValue("id")
	req, ok := a.world.Teleport.Request(id)
	if !ok {
		return nil, notFound("there is no request %q", id)
	}
	return req, nil
}

type resourceInput struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Cluster string `json:"cluster"`
}

func (a *api) createRequest(r *http.Request) (any, error) {
	var in struct {
		User               string          `json:"user"`
		Roles              []string        `json:"roles"`
		Resources          []resourceInput `json:"resources"`
		Reason             string          `json:"reason"`
		SuggestedReviewers []string        `json:"suggested_reviewers"`
		ThresholdApprove   uint32          `json:"threshold_approve"`
		ThresholdDeny      uint32          `json:"threshold_deny"`
		PendingTTL         duration        `json:"pending_ttl"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.User == "" {
		return nil, badRequest("user is required: the Teleport user who requests, such as %s", Alice)
	}
	if len(in.Roles)+len(in.Resources) == 0 {
		return nil, badRequest("roles or resources are required: a request must ask for something")
	}
	resources, err := a.resources(in.Resources)
	if err != nil {
		return nil, err
	}
	id, err := a.world.Teleport.CreateRequest(teleport.NewRequest{
		User: in.User, Roles: in.Roles, Resources: resources, Reason: in.Reason, SuggestedReviewers: in.SuggestedReviewers,
		ThresholdApprove: in.ThresholdApprove, ThresholdDeny: in.ThresholdDeny, PendingTTL: time.Duration(in.PendingTTL),
	})
	if err != nil {
		return nil, teleportRefusal(err)
	}
	return map[string]string{"id": id}, nil
}

// resources reads the requested resources; without a cluster they are the world's own.
func (a *api) resources(in []resourceInput) ([]types.ResourceID, error) {
	own := cmp.Or(a.world.opts.Teleport.ClusterName, "simulated")
	var out []types.ResourceID
	for _, r := range in {
		id := types.ResourceID{Kind: r.Kind, Name: r.Name, ClusterName: cmp.Or(r.Cluster, own)}
		if err := id.CheckAndSetDefaults(); err != nil {
			return nil, badRequest("resources: %s", err)
		}
		out = append(out, id)
	}
	return out, nil
}

func (a *api) reviewRequest(r *http.Request) (any, error) {
	var in struct {
		User    string `json:"user"`
		Approve *bool  `json:"approve"`
		Reason  string `json:"reason"`
	}
	return a.change(r, &in, func(req types.AccessRequest) error {
		if in.User == "" || in.Approve == nil {
			return badRequest("user and approve (true or false) are required")
		}
		return a.world.Teleport.Review(req.GetName(), in.User, *in.Approve, in.Reason)
	})
}

func (a *api) setState(r *http.Request) (any, error) {
	var in struct {
		User   string `json:"user"`
		State  string `json:"state"`
		Reason string `json:"reason"`
	}
	return a.change(r, &in, func(req types.AccessRequest) error {
		states := map[string]types.RequestState{"approved": types.RequestState_APPROVED, "denied": types.RequestState_DENIED}
		state, ok := states[in.State]
		if !ok {
			return badRequest(`state must be "approved" or "denied", not %q`, in.State)
		}
		if req.GetState().IsDenied() && state != types.RequestState_DENIED {
			return &refusal{http.StatusConflict, "a denied request stays denied"}
		}
		return a.world.Teleport.SetState(req.GetName(), cmp.Or(in.User, Administrator), state, in.Reason)
	})
}

func (a *api) promoteRequest(r *http.Request) (any, error) {
	var in struct {
		List string `json:"list"`
	}
	return a.change(r, &in, func(req types.AccessRequest) error {
		if in.List == "" {
			return badRequest("list is required: the name of the access list")
		}
		if !req.GetState().IsPending() {
			return &refusal{http.StatusConflict, "only a pending request can be promoted, this one is " + stateName(req.GetState())}
		}
		return a.world.Teleport.Promote(req.GetName(), in.List)
	})
}

// change finds the request, reads the body, does what is asked and answers the request as it is then.
func (a *api) change(r *http.Request, in any, do func(types.AccessRequest) error) (any, error) {
	req, err := a.request(r)
	if err != nil {
		return nil, err
	}
	if err := decode(r, in); err != nil {
		return nil, err
	}
	if err := do(req); err != nil {
		return nil, teleportRefusal(err)
	}
	return a.getRequest(r)
}

func (a *api) deleteRequest(r *http.Request) (any, error) {
	req, err := a.request(r)
	if err != nil {
		return nil, err
	}
	return nil, teleportRefusal(a.world.Teleport.Delete(req.GetName()))
}

func (a *api) expireRequest(r *http.Request) (any, error) {
	req, err := a.request(r)
	if err != nil {
		return nil, err
	}
	return nil, teleportRefusal(a.world.Teleport.Expire(req.GetName()))
}

// teleportRefusal tells apart what can never be done and what cannot be done now. The request itself was found before, so what
// Teleport does not find is something the body names.
func teleportRefusal(err error) error {
	switch {
	case trace.IsNotFound(err), trace.IsBadParameter(err), trace.IsNotImplemented(err):
		return badRequest("%s", err)
	case trace.IsAccessDenied(err), trace.IsAlreadyExists(err), trace.IsCompareFailed(err):
		return conflict(err)
	default:
		return err
	}
}
