package pattern

import (
	"fmt"
	"strings"
)

// Explanation says why an event matched a pattern or did not.
type Explanation struct {
	// Matched is what Match answers.
	Matched bool
	// Branches are the combinations that the $or of the pattern make, in order;
	// without $or there is one. The pattern matches if one of them does.
	Branches []BranchExplanation
}

// BranchExplanation is the result for one combination.
type BranchExplanation struct {
	// Matched says that all fields matched, and together.
	Matched bool
	// Fields are the conditions in the order in which they are looked at.
	Fields []FieldExplanation
}

// FieldExplanation is the result of the condition on one path.
type FieldExplanation struct {
	// Path is the dotted path.
	Path string
	// Want is the list of alternatives as the pattern writes it.
	Want string
	// Values are the scalars that the event has at the path, as JSON.
	Values []string
	// Matched says that a value matched, or that none was there as wanted.
	Matched bool
}

// Failed returns the first field that did not match, of the branch that got
// furthest; nil where the pattern matched, or where every field of a branch
// matched but not in the same array elements.
func (e *Explanation) Failed() *FieldExplanation {
	if e.Matched {
		return nil
	}
	var first *FieldExplanation
	most := -1
	for i := range e.Branches {
		matched := 0
		var failed *FieldExplanation
		for j := range e.Branches[i].Fields {
			f := &e.Branches[i].Fields[j]
			if f.Matched {
				matched++
			} else if failed == nil {
				failed = f
			}
		}
		if matched > most {
			most, first = matched, failed
		}
	}
	return first
}

// String writes the explanation in lines, for people.
func (e *Explanation) String() string {
	var b strings.Builder
	b.WriteString("no match")
	if e.Matched {
		b.Reset()
		b.WriteString("match")
	}
	for i := range e.Branches {
		branch := &e.Branches[i]
		indent := "\n  "
		if len(e.Branches) > 1 {
			fmt.Fprintf(&b, "\n  branch %d of $or: %s", i+1, outcome(branch.Matched))
			indent = "\n    "
		}
		all := true
		for _, f := range branch.Fields {
			all = all && f.Matched
			fmt.Fprintf(&b, "%s%s: %s wants %s, %s", indent, outcome(f.Matched), f.Path, f.Want, f.found())
		}
		if all && !branch.Matched {
			b.WriteString(indent + "no: the values above are in different elements of an array")
		}
	}
	return b.String()
}

func outcome(matched bool) string {
	if matched {
		return "yes"
	}
	return "no"
}

func (f *FieldExplanation) found() string {
	if len(f.Values) == 0 {
		return "the event has no value there"
	}
	const shown = 5
	if n := len(f.Values); n > shown {
		return fmt.Sprintf("the event has %s and %d more", strings.Join(f.Values[:shown], ", "), n-shown)
	}
	return "the event has " + strings.Join(f.Values, ", ")
}

// Explain matches the event and reports the result of every condition.
func (p *Pattern) Explain(event []byte) (*Explanation, error) {
	e := &Explanation{}
	for _, b := range p.branches {
		out := BranchExplanation{}
		for _, f := range b {
			out.Fields = append(out.Fields, FieldExplanation{Path: f.path, Want: f.text})
		}
		e.Branches = append(e.Branches, out)
	}
	sc := newScan(p.set)
	sc.trace = func(c *condition, l *leaf, matched bool) {
		f := &e.Branches[c.rule].Fields[c.key]
		f.Matched = f.Matched || matched
		f.Values = append(f.Values, l.json())
	}
	if err := sc.run(event); err != nil {
		return nil, err
	}
	for i := range e.Branches {
		r := &p.set.rules[i]
		e.Branches[i].Matched = sc.holds(i)
		e.Matched = e.Matched || e.Branches[i].Matched
		for k := range e.Branches[i].Fields {
			f := &e.Branches[i].Fields[k]
			absent := r.absent[k/64]>>(k%64)&1 == 1
			f.Matched = f.Matched || absent && (len(f.Values) == 0 || e.Branches[i].Matched)
		}
	}
	return e, nil
}

func (l *leaf) json() string {
	if l.kind != leafString {
		return string(l.text)
	}
	return string(appendString(nil, string(l.text)))
}
