package cfn

import "strings"

// Suggest returns the end of a message about an unknown name: `, did you mean
// "X"?` if one of the known names is close to it, or else nothing.
func Suggest(name string, known []string) string {
	best, least := "", min(len(name)/3, 3)+1
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return `, did you mean "` + k + `"?`
		}
		if len(k)-len(name) >= least || len(name)-len(k) >= least {
			continue // further apart than what is looked for
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return `, did you mean "` + best + `"?`
}

// distance is the number of characters to insert, delete, replace or swap with
// the next one to get from a to b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := last[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
