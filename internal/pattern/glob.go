package pattern

import "fmt"

// newGlob compiles the text of a wildcard. The positions in its errors count
// the quote before the text, and bytes.
func newGlob(text string) (glob, error) {
	var g glob
	piece := []byte{}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			if i+1 >= len(text) || text[i+1] != '*' && text[i+1] != '\\' {
				return g, reasonError(fmt.Sprintf("Invalid escape character at pos %d", i+1))
			}
			i++
			piece = append(piece, text[i])
			g.states = append(g.states, globState{char: text[i]})
		case '*':
			if i+1 < len(text) && text[i+1] == '*' {
				return g, reasonError(fmt.Sprintf("Consecutive wildcard characters at pos %d", i+1))
			}
			g.pieces = append(g.pieces, string(piece))
			piece = piece[:0]
			g.states = append(g.states, globState{star: true})
		default:
			piece = append(piece, c)
			g.states = append(g.states, globState{char: c})
		}
	}
	g.pieces = append(g.pieces, string(piece))
	return g, nil
}
