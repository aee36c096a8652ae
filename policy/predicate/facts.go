package predicate

import (
	"slices"
	"time"

	"github.com/accessbridge/accessbridge/bridge"
)

// Facts are the values of the variables in one evaluation. The zero value knows neither traits nor labels.
type Facts struct {
	// Integration is the name of the integration that would be told: plugin.spec.name.
	Integration string
	// User is the requester's Teleport user name.
	User string
	// Roles are the roles asked for.
	Roles []string
	// SuggestedReviewers are the people the requester or the roles named.
	SuggestedReviewers []string
	// Annotations are Teleport's system annotations.
	Annotations map[string][]string
	// Reason is the requester's own text, not trusted.
	Reason string
	// Created is when the request was made. Expiry is what Teleport says as the request's expiry: the end of the time to decide
	// it, and after an approval the end of access.
	Created, Expiry time.Time
	// Traits are the requester's traits. They count only if TraitsKnown is true.
	Traits      map[string][]string
	TraitsKnown bool
	// Labels are the labels of every resource asked for, in any order. They count only if LabelsKnown is true, which says that
	// the labels of all of them were read.
	Labels      []map[string]string
	LabelsKnown bool
}

// Of returns the facts a request tells by itself. Traits must be added by the caller, and labels too when the request names
// resources: a request for roles has none, and that is known.
func Of(req bridge.Request) Facts {
	return Facts{
		User: req.User, Roles: req.Roles, SuggestedReviewers: req.SuggestedReviewers, Annotations: req.Annotations, Reason: req.Reason,
		Created: req.Created, Expiry: req.PendingUntil, LabelsKnown: len(req.Resources) == 0,
	}
}

// For returns the same facts seen by the named integration.
func (f Facts) For(integration string) Facts {
	f.Integration = integration
	return f
}

// The variables of a condition.
const (
	VarRoles              = "access_request.spec.roles"
	VarSuggestedReviewers = "access_request.spec.suggested_reviewers"
	VarAnnotations        = "access_request.spec.system_annotations"
	VarUser               = "access_request.spec.user"
	VarReason             = "access_request.spec.request_reason"
	VarCreated            = "access_request.spec.creation_time"
	VarExpiry             = "access_request.spec.expiry"
	VarLabelsIntersection = "access_request.spec.resource_labels_intersection"
	VarLabelsUnion        = "access_request.spec.resource_labels_union"
	VarTraits             = "user.traits"
	VarIntegration        = "plugin.spec.name"
)

// variable is the type of a variable and how to read it.
type variable struct {
	kind kind
	read func(*run) (any, error)
}

// variables returns what a condition may name. Each read is charged, so that large facts cannot be read without end.
func variables() map[string]variable {
	texts := func(of func(*Facts) []string) variable {
		return variable{kindSet, func(r *run) (any, error) { return r.set(of(r.facts)) }}
	}
	text := func(of func(*Facts) string) variable {
		return variable{kindText, func(r *run) (any, error) { return r.text(of(r.facts)) }}
	}
	moment := func(name string, of func(*Facts) time.Time) variable {
		return variable{kindTime, func(r *run) (any, error) {
			if of(r.facts).IsZero() {
				return nil, &UnknownError{Variable: name}
			}
			return of(r.facts), nil
		}}
	}
	labels := func(name string, of func([]map[string]string) dict) variable {
		return variable{kindDict, func(r *run) (any, error) {
			if !r.facts.LabelsKnown {
				return nil, &UnknownError{Variable: name}
			}
			for _, one := range r.facts.Labels {
				if err := r.charge(len(one) * entryCost); err != nil {
					return nil, err
				}
			}
			return of(r.facts.Labels), nil
		}}
	}
	return map[string]variable{
		VarRoles:              texts(func(f *Facts) []string { return f.Roles }),
		VarSuggestedReviewers: texts(func(f *Facts) []string { return f.SuggestedReviewers }),
		VarAnnotations:        {kindDict, func(r *run) (any, error) { return dict(r.facts.Annotations), nil }},
		VarUser:               text(func(f *Facts) string { return f.User }),
		VarReason:             text(func(f *Facts) string { return f.Reason }),
		VarCreated:            moment(VarCreated, func(f *Facts) time.Time { return f.Created }),
		VarExpiry:             moment(VarExpiry, func(f *Facts) time.Time { return f.Expiry }),
		VarLabelsIntersection: labels(VarLabelsIntersection, sharedLabels),
		VarLabelsUnion:        labels(VarLabelsUnion, allLabels),
		VarIntegration:        text(func(f *Facts) string { return f.Integration }),
		VarTraits: {kindDict, func(r *run) (any, error) {
			if !r.facts.TraitsKnown {
				return nil, &UnknownError{Variable: VarTraits}
			}
			return dict(r.facts.Traits), nil
		}},
		"true":  {kindBool, func(*run) (any, error) { return true, nil }},
		"false": {kindBool, func(*run) (any, error) { return false, nil }},
	}
}

// sharedLabels returns the labels that every resource has with the same value. No resources share none.
func sharedLabels(resources []map[string]string) dict {
	out := dict{}
	if len(resources) == 0 {
		return out
	}
	for key, value := range resources[0] {
		differs := func(other map[string]string) bool { v, ok := other[key]; return !ok || v != value }
		if !slices.ContainsFunc(resources[1:], differs) {
			out[key] = []string{value}
		}
	}
	return out
}

// allLabels returns, for each label, the values it has at any resource.
func allLabels(resources []map[string]string) dict {
	out := dict{}
	for _, labels := range resources {
		for key, value := range labels {
			out[key] = append(out[key], value)
		}
	}
	return out
}
