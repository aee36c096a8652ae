package policy

import (
	"slices"
	"strings"

	"github.com/accessbridge/accessbridge/bridge"
)

// Addresses are compared in two ways. What gives somebody a right is compared narrowly, so that nobody gets it by an address that only looks
// like another. What takes a right away is compared widely, so that nobody keeps it by writing their own address in another way.

// sameAddress compares names narrowly: without regard to the case of ASCII letters and to surrounding space alone. Empty ones are never the same.
func sameAddress(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	return a != "" && lower(a) == lower(b)
}

func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// sameMailbox compares names widely: letters of any alphabet without regard to case, and addresses by the mailbox that they reach.
func sameMailbox(a, b string) bool {
	return bridge.SameName(a, b) || bridge.SameName(mailbox(a), mailbox(b))
}

// mailbox drops what an address may have besides its mailbox: a tag behind a plus sign, and at Google's public domain dots.
func mailbox(address string) string {
	local, domain, found := strings.Cut(strings.TrimSpace(address), "@")
	if !found {
		return address
	}
	if name, _, _ := strings.Cut(local, "+"); name != "" {
		local = name
	}
	if public := []string{"gmail.com", "googlemail.com"}; slices.Contains(public, lower(domain)) {
		local, domain = strings.ReplaceAll(local, ".", ""), public[0]
	}
	return local + "@" + domain
}

// plain reports whether an address is made of visible ASCII characters alone, and of at least one. Others may look like those of somebody else.
func plain(address string) bool {
	address = strings.TrimSpace(address)
	return address != "" && !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
