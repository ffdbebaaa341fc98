using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Admission;
using Proxy.Configuration.Networks;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Admission;

public sealed class EndpointGateTests
{
    private readonly LogLines _log = new();
    private readonly EndpointGate _gate;

    public EndpointGateTests() => _gate = new("edge", new ManualTime(), _log);

    [Fact]
    public async Task OnConnection_MaximumReached_ResetWithTheOutcomeAndNotHandled()
    {
        var served = Come(maximum: 2);
        var second = Come(maximum: 2);

        var refused = Come(maximum: 2);

        await refused.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.LimitExceeded, refused.Record.Outcome);
        Assert.True(refused.Connection.Aborted);
        Assert.False(refused.IsHandled);
        Assert.Equal(2, _gate.Count);
        Assert.All(
            [served, second],
            static open => Assert.True(open is { IsHandled: true, Connection.Aborted: false, Record.Outcome: null })
        );
    }

    [Fact]
    public async Task OnConnection_OneHasEnded_ItsPlaceIsTakenByTheNext()
    {
        var first = Come(maximum: 1);
        first.Ending.SetResult();
        await first.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(0, _gate.Count);

        var next = Come(maximum: 1);

        Assert.True(next.IsHandled);
        Assert.Null(next.Record.Outcome);
    }

    [Fact]
    public async Task OnConnection_HandlerFailsLater_ExceptionPassesAndItsPlaceIsTakenByTheNext()
    {
        var first = Come(maximum: 1);
        first.Ending.SetException(new InvalidOperationException());

        await Assert.ThrowsAsync<InvalidOperationException>(() => first.Running.WaitAsync(Eventually.Limit));

        Assert.Equal(0, _gate.Count);
        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public async Task OnConnection_HandlerThrowsAtOnce_ExceptionPassesAndItsPlaceIsTakenByTheNext()
    {
        var client = new Client();
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            client.Record.RunAsync(() =>
                _gate.OnConnectionAsync(client.Connection, NetworkRules.None, 1, static _ => throw new InvalidOperationException())
            )
        );

        Assert.Equal(0, _gate.Count);
        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public async Task OnConnection_ManyRefused_TakeNoPlace()
    {
        var holder = Come(maximum: 1);
        for (var i = 0; i < 10; i++)
        {
            await Come(maximum: 1).Running.WaitAsync(Eventually.Limit);
        }

        holder.Ending.SetResult();
        await holder.Running.WaitAsync(Eventually.Limit);

        Assert.Equal(0, _gate.Count);
        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public void OnConnection_EditRaisesTheMaximum_TheNextIsHandled()
    {
        _ = Come(maximum: 1);
        Assert.False(Come(maximum: 1).IsHandled);

        Assert.True(Come(maximum: 2).IsHandled);
    }

    [Fact]
    public async Task OnConnection_EditLowersTheMaximum_OpenOnesStayAndCount()
    {
        var first = Come(maximum: 2);
        var second = Come(maximum: 2);

        Assert.Equal(ConnectionOutcome.LimitExceeded, Come(maximum: 1).Record.Outcome);
        Assert.All([first, second], static open => Assert.False(open.Connection.Aborted));
        first.Ending.SetResult();
        await first.Running.WaitAsync(Eventually.Limit);
        Assert.Equal(ConnectionOutcome.LimitExceeded, Come(maximum: 1).Record.Outcome);
        second.Ending.SetResult();
        await second.Running.WaitAsync(Eventually.Limit);

        Assert.True(Come(maximum: 1).IsHandled);
    }

    [Fact]
    public void OnConnection_NoMaximum_AllAreHandledAndCountForALaterOne()
    {
        const int Many = 100;
        for (var i = 0; i < Many; i++)
        {
            Assert.True(Come(maximum: null).IsHandled);
        }

        Assert.Equal(Many, _gate.Count);
        Assert.False(Come(maximum: Many).IsHandled);
    }

    [Theory]
    [InlineData("10.1.2.3", null)]
    [InlineData("10.6.6.1", "DenyNetworks")]
    [InlineData("192.0.2.1", "AllowNetworks")]
    public async Task OnConnection_Networks_RefusedBeforeItCounts(string address, string? refused)
    {
        var rules = new NetworkRules([IPNetwork.Parse("10.0.0.0/8")], [IPNetwork.Parse("10.6.6.0/24")]);
        var client = new Client();
        client.Connection.RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1);

        var running = client.Record.RunAsync(() => _gate.OnConnectionAsync(client.Connection, rules, 1, client.HandleAsync));

        Assert.Equal((refused is null, refused), (client.IsHandled, client.Record.Limit));
        Assert.Equal(refused is null ? null : ConnectionOutcome.Denied, client.Record.Outcome);
        Assert.Equal(refused is null ? 1 : 0, _gate.Count);
        Assert.Equal(refused is null ? [] : [new LimitCount(refused, false, 1)], _gate.Reached);
        client.Ending.SetResult();
        await running.WaitAsync(Eventually.Limit);
    }

    private Client Come(int? maximum)
    {
        var client = new Client();
        client.Running = client.Record.RunAsync(() =>
            _gate.OnConnectionAsync(client.Connection, NetworkRules.None, maximum, client.HandleAsync)
        );
        return client;
    }

    private sealed class Client
    {
        public Client()
        {
            Record = new(Connection, "endpoint", "", TimeProvider.System);
            Record.Attach();
        }

        public FakeConnection Connection { get; } = new();

        public ConnectionRecord Record { get; }

        public TaskCompletionSource Ending { get; } = new();

        public bool IsHandled { get; private set; }

        public Task Running { get; set; } = Task.CompletedTask;

        public Task HandleAsync(ConnectionContext connection)
        {
            Assert.Same(Connection, connection);
            IsHandled = true;
            return Ending.Task;
        }
    }
}
