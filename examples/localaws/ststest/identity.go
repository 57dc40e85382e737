package ststest

import (
	"context"
	"time"

	"github.com/patternkit/serverless/internal/wire"
)

type getCallerIdentityInput struct{}

type getCallerIdentityOutput struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string
}

func (s *STS) getCallerIdentity(ctx context.Context, _ *getCallerIdentityInput) (*getCallerIdentityOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	wire.CallOf(ctx).Touch(who.arn)
	return &getCallerIdentityOutput{who.arn, who.userID, who.account}, nil
}

type getAccessKeyInfoInput struct {
	AccessKeyID *string `query:"AccessKeyId"`
}

type getAccessKeyInfoOutput struct{ Account string }

// getAccessKeyInfo answers with the account to which calls with the key belong.
func (s *STS) getAccessKeyInfo(_ context.Context, in *getAccessKeyInfoInput) (*getAccessKeyInfoOutput, error) {
	var bad constraints
	bad.text("accessKeyId", in.AccessKeyID, true, 16, 128, wordText)
	if err := bad.err(); err != nil {
		return nil, err
	}
	account, ok := wire.AccountOfKey(*in.AccessKeyID)
	if !ok {
		account = wire.DefaultAccount
	}
	return &getAccessKeyInfoOutput{account}, nil
}

type getSessionTokenInput struct {
	DurationSeconds *int `query:"DurationSeconds"`
}

type getSessionTokenOutput struct{ Credentials *credentials }

func (s *STS) getSessionToken(ctx context.Context, in *getSessionTokenInput) (*getSessionTokenOutput, error) {
	var bad constraints
	bad.number("durationSeconds", in.DurationSeconds, shortest, longestOfUser)
	if err := bad.err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who, err := s.caller(ctx)
	if err != nil {
		return nil, err
	}
	if !who.expires.IsZero() {
		return nil, &wire.Error{Code: "AccessDenied", Status: 403, Message: "Cannot call GetSessionToken with session credentials"}
	}
	seconds := hour // what the root user of an account gets at most
	if in.DurationSeconds != nil {
		seconds = min(*in.DurationSeconds, hour)
	}
	return &getSessionTokenOutput{s.open(who, time.Now(), seconds)}, nil
}
