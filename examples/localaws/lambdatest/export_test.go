package lambdatest

// PublishForTest publishes a version that differs from the last one.
func (l *Lambda) PublishForTest(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.functions["arn:aws:lambda:us-east-1:123456789012:function:"+name]
	f.latest = f.latest.clone()
	f.latest.touch()
	f.publish(nil)
}
