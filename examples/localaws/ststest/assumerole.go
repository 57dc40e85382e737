package ststest

import (
	"context"
	"strings"
	"time"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// Bounds of a session, in seconds.
const (
	shortest      = 900
	hour          = 3_600
	longest       = 43_200
	longestOfUser = 129_600
)

type assumeRoleInput struct {
	RoleARN         *string `query:"RoleArn"`
	RoleSessionName *string `query:"RoleSessionName"`
	DurationSeconds *int    `query:"DurationSeconds"`
	ExternalID      *string `query:"ExternalId"` // no trust policy asks for it
	SourceIdentity  *string `query:"SourceIdentity"`
}

type assumeRoleOutput struct {
	AssumedRoleUser struct {
		AssumedRoleID string `xml:"AssumedRoleId"`
		ARN           string `xml:"Arn"`
	}
	Credentials    *credentials
	SourceIdentity string `xml:"SourceIdentity,omitempty"`
}

func (s *STS) assumeRole(ctx context.Context, in *assumeRoleInput) (*assumeRoleOutput, error) {
	var bad constraints
	bad.text("roleArn", in.RoleARN, true, 20, 2048, anyText)
	bad.text("roleSessionName", in.RoleSessionName, true, 2, 64, nameText)
	bad.text("externalId", in.ExternalID, false, 2, 1224, externalText)
	bad.text("sourceIdentity", in.SourceIdentity, false, 2, 64, nameText)
	bad.number("durationSeconds", in.DurationSeconds, shortest, longest)
	if err := bad.err(); err != nil {
		return nil, err
	}
	role, err := parseRole(*in.RoleARN)
	if err != nil {
		return nil, err
	}
	wire.CallOf(ctx).Touch(*in.RoleARN)
	s.mu.Lock()
	defer s.mu.Unlock()
	caller, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	seconds := hour
	if in.DurationSeconds != nil {
		seconds = *in.DurationSeconds
	}
	if caller.role && seconds > hour {
		return nil, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	name := role.Resource[strings.LastIndexByte(role.Resource, '/')+1:] // without the path
	out := &assumeRoleOutput{}
	out.AssumedRoleUser.ARN = "arn:" + role.Partition + ":sts::" + role.Account + ":assumed-role/" + name + "/" + *in.RoleSessionName
	out.AssumedRoleUser.AssumedRoleID = uniqueID("AROA", *in.RoleARN) + ":" + *in.RoleSessionName
	out.Credentials = s.open(session{
		account: role.Account, arn: out.AssumedRoleUser.ARN, userID: out.AssumedRoleUser.AssumedRoleID, role: true,
	}, time.Now(), seconds)
	if in.SourceIdentity != nil {
		out.SourceIdentity = *in.SourceIdentity
	}
	return out, nil
}

// parseRole reads the ARN of a role: arn:aws:iam::123456789012:role/path/name.
func parseRole(arn string) (awsid.Parts, error) {
	p, err := awsid.ParseARN(arn)
	if _, ok := wire.AccountOfKey(p.Account); err != nil || !ok || len(p.Account) != 12 || p.Service == "" || strings.HasSuffix(arn, "/") {
		return p, invalid("%s is invalid", arn)
	}
	if p.Service != "iam" || p.Region != "" || !strings.HasPrefix(p.Resource, "role/") {
		return p, invalid("Request ARN is invalid")
	}
	return p, nil
}
