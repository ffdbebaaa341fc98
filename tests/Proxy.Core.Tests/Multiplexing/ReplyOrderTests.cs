using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters.LoadBalancing;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class ReplyOrderTests : IAsyncLifetime
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly FakeConnection _connection = new();
    private readonly Pipe _toClient = new(
        new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false)
    );
    private readonly ReplyOrder _replies;
    private readonly RequestLane _lane;

    public ReplyOrderTests()
    {
        _connection.Transport = new Duplex(new Pipe().Reader, _toClient.Writer);
        var record = new ConnectionRecord(_connection, "endpoint", "", TimeProvider.System);
        record.Attach();
        var trace = new MessageTrace(NullLogger<MessageTrace>.Instance, TimeProvider.System);
        var services = new MultiplexDependencies(null!, null!, trace, _clock, TimeProvider.System, Random.Shared);
        var route = new MultiplexRoute(null!, new Dictionary<string, MultiplexCluster>(), Device.Line, new(), new(), KeepAlive.Default);
        var client = new MultiplexClient(_connection, Device.Line, route, new(new(), _clock.Now), null!, services);
        _replies = new ReplyOrder(client, 4, new MessagePort(_connection), record);
        var session = new MultiplexSession(
            new("c", "d", "tcp://127.0.0.1:1"),
            new(new(), Device.Line),
            new(null!, null!, null!, _clock, TimeProvider.System),
            static _ => { }
        );
        _lane = new RequestLane(client, session, new RequestTranslator(Device.Line, Device.Line, null), new DestinationLoad());
    }

    [Fact]
    public async Task Complete_AfterARequestThatNothingCanBeSaidTo_WritesNothingMore()
    {
        var (first, second, third) = (Add("1\n"), Add("2\n"), Add("3\n"));
        _replies.Complete(first, Completion.Replied("=1\n"u8, endsConnection: false)); // the client does not read it yet
        _replies.Complete(second, Completion.Failed(LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout));

        _replies.Complete(third, Completion.Replied("=3\n"u8, endsConnection: false));

        Assert.Equal("=1\n", await ReadToAbortAsync());
    }

    [Fact]
    public async Task WaitAsync_AfterARequestThatNothingCanBeSaidTo_EndsThoughOthersAreUnderWay()
    {
        var (first, _) = (Add("1\n"), Add("2\n"));

        _replies.Complete(first, Completion.Failed(LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout));

        await Assert.ThrowsAsync<IOException>(() => AllRepliedAsync().WaitAsync(Eventually.Limit));
    }

    [Fact]
    public void Add_AfterTheLastReply_NothingIsTakenAndAllIsAnswered()
    {
        var (first, _) = (Add("1\n"), Add("2\n"));
        first.EndsConnection = true;

        _replies.Complete(first, Completion.Failed(LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout));

        Assert.Null(_replies.Add("3\n"u8));
        Assert.True(_replies.IsEmpty);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync();
        _clock.Dispose();
    }

    private MultiplexRequest Add(string message)
    {
        var request = _replies.Add(Encoding.Latin1.GetBytes(message))!;
        request.Lane = _lane;
        return request;
    }

    private async Task AllRepliedAsync()
    {
        while (!_replies.IsEmpty)
        {
            await _replies.WaitAsync(CancellationToken.None);
        }
    }

    private async Task<string> ReadToAbortAsync()
    {
        var text = new StringBuilder();
        while (true)
        {
            if (_toClient.Reader.TryRead(out var read))
            {
                text.Append(Encoding.Latin1.GetString(read.Buffer));
                _toClient.Reader.AdvanceTo(read.Buffer.End);
            }
            else if (_connection.Aborted)
            {
                return text.ToString();
            }

            await Task.Yield();
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
