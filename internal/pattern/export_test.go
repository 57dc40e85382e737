package pattern

// Steps is how many steps it takes to combine what an event has in its arrays.
func (p *Pattern) Steps(event []byte) (int, error) {
	s := newScan(p.set)
	err := s.run(event)
	for i := range p.set.rules {
		if err == nil && s.holds(i) {
			break
		}
	}
	return s.fold.steps, err
}
