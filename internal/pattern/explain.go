package pattern

// Explanation says why an event matched a pattern or did not. Package events
// exports it as a type of its own.
type Explanation struct {
	// Matched is what Match answers.
	Matched bool
	// Branches are the combinations that the $or of the pattern make, in order;
	// without $or there is one. The pattern matches if one of them does.
	Branches []BranchExplanation
}

// BranchExplanation says whether one combination matched.
type BranchExplanation struct {
	// Matched says that all fields matched, and together.
	Matched bool
	// Fields are the conditions in the order in which they are looked at.
	Fields []FieldExplanation
}

// FieldExplanation says whether the condition on one path matched.
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

// Explain matches the event and says for every condition whether it matched.
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
