package config

import (
	"slices"
	"strconv"
	"strings"
)

// suggestion names the known word that is nearest to the one given, or all known words when none is near.
func suggestion(given string, known []string) string {
	if word := Nearest(given, known); word != "" {
		return "did you mean " + word + "?"
	}
	known = slices.DeleteFunc(slices.Clone(known), func(word string) bool { return word == "" })
	if len(known) == 0 {
		return "remove it"
	}
	return "use one of: " + strings.Join(slices.Compact(known), ", ")
}

// Nearest returns the known word that differs least from the one given; empty when all differ much.
func Nearest(given string, known []string) string {
	best, least := "", max(2, len(given)/3)+1
	for _, word := range known {
		if n := Distance(folded(given), folded(word)); n < least && n < len(word) {
			best, least = word, n
		}
	}
	return best
}

// folded drops what people mix up: case, dashes and underscores.
func folded(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// Distance is the number of letters to add, drop or replace to make one word of the other.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// element returns the path of the i-th element of a list.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
