using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests.Client;

public sealed class EtcdTermTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly EtcdTerm _term;

    public EtcdTermTests() => _term = new(7, TimeSpan.FromSeconds(10), _time.GetTimestamp(), _time);

    public void Dispose() => _term.Dispose();

    [Fact]
    public void Left_NotRenewed_NearEndAtTwoSecondsAndEndedAtZero()
    {
        _time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.False(_term.NearEnd.IsCancellationRequested);
        Assert.Equal(TimeSpan.FromSeconds(2.1), _term.Left);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(_term.NearEnd.IsCancellationRequested);
        Assert.False(_term.Ended.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(_term.Ended.IsCancellationRequested);
        Assert.Equal(TimeSpan.Zero, _term.Left);
        Assert.False(_term.Renew(_time.GetTimestamp(), TimeSpan.FromSeconds(10)));
        Assert.True(_term.Ended.IsCancellationRequested);
        Assert.Equal(TimeSpan.Zero, _term.Left);
    }

    [Fact]
    public void Renew_CountsFromWhenItWasSent()
    {
        _time.Advance(TimeSpan.FromSeconds(3));
        var sent = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.True(_term.Renew(sent, TimeSpan.FromSeconds(10)));

        Assert.Equal(TimeSpan.FromSeconds(8), _term.Left);
        Assert.Equal(1.333, _term.UntilRenewal.TotalSeconds, tolerance: 0.001);
    }

    [Fact]
    public void NearEnd_RenewedAfterIt_WhatBeganBeforeHasToEndAndWhatBeginsHasNot()
    {
        var before = _term.NearEnd;
        _time.Advance(TimeSpan.FromSeconds(9));

        _term.Renew(_time.GetTimestamp(), TimeSpan.FromSeconds(10));

        Assert.True(before.IsCancellationRequested);
        Assert.False(_term.NearEnd.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.True(_term.NearEnd.IsCancellationRequested);
    }

    [Fact]
    public void End_LeaseUnknown_EndsAtOnce()
    {
        _term.End();

        Assert.True(_term.NearEnd.IsCancellationRequested);
        Assert.True(_term.Ended.IsCancellationRequested);
    }
}
