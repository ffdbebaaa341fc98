using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Proxy.Diagnostics;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class ReplyOrderTests : IAsyncLifetime
{
    private const int Capacity = 4;
    private readonly TestClient _client = new();
    private readonly ReplyOrder _replies;
    private readonly RequestLane _lane;

    public ReplyOrderTests()
    {
        _replies = new ReplyOrder(_client.Client, Capacity, new MessagePort(_client.Connection), _client.Record);
        _lane = _client.CreateLane();
    }

    /// <summary>Replies come in whatever order, and while others are asked for: the client gets them in the order of its requests.</summary>
    [Fact]
    public Task Complete_InAnyOrder_RepliesAreInTheOrderOfTheRequests()
    {
        var steps = Gen.Choose(-1, Capacity - 1).ToArbitrary().Array();
        return Properties.CheckAsync(Config.QuickThrowOnFailure.WithEndSize(60), steps, InOrderAsync);
    }

    [Fact]
    public void HasRoom_AsManyAsAreReadAhead_NotUntilTheFirstIsAnswered()
    {
        var requests = Enumerable.Range(0, Capacity).Select(number => Add($"{number}\n")).ToList();
        Assert.False(_replies.HasRoom);

        Reply(requests[1], "=1\n");
        Assert.False(_replies.HasRoom);
        Assert.False(_replies.IsIdle);
        Reply(requests[0], "=0\n");
        Assert.False(_replies.HasRoom); // there is room, but the client does not read
        Assert.True(_replies.IsIdle);
        Assert.False(_replies.IsEmpty);
    }

    [Fact]
    public void Add_TheLastRequestWasRead_NoFurtherOneIsTaken()
    {
        var request = Add("1\n");
        Assert.False(_replies.IsEmpty);

        _replies.IsLast = true;

        Assert.Null(_replies.Add("2\n"u8));
        Assert.NotNull(request);
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

    public async Task DisposeAsync() => await _client.DisposeAsync();

    // A number is the request that is answered, counted among those that are not, and -1 asks for another one.
    private static async Task InOrderAsync(int[] steps)
    {
        await using var client = new TestClient();
        var lane = client.CreateLane();
        var replies = new ReplyOrder(client.Client, Capacity, new MessagePort(client.Connection), client.Record);
        var waiting = new List<(MultiplexRequest Request, int Number)>();
        var (asked, expected, read) = (0, "", new StringBuilder());
        foreach (var step in steps)
        {
            if (step < 0 && replies.HasRoom)
            {
                var request = replies.Add("?\n"u8)!;
                (request.Lane, request.DeliversReply) = (lane, true);
                waiting.Add((request, asked));
                expected += $"={asked++}\n";
            }
            else if (waiting.Count > 0)
            {
                Answer(Math.Max(0, step) % waiting.Count);
            }

            Read();
        }

        while (waiting.Count > 0)
        {
            Answer(waiting.Count - 1);
        }

        await Eventually.TrueAsync(() =>
        {
            Read();
            return replies.IsEmpty;
        });
        Read();
        Assert.Equal(expected, read.ToString());

        void Answer(int index)
        {
            var (request, number) = waiting[index];
            waiting.RemoveAt(index);
            replies.Complete(request, Completion.Replied(Encoding.ASCII.GetBytes($"={number}\n"), endsConnection: false));
        }

        void Read()
        {
            if (client.Sent.TryRead(out var result))
            {
                read.Append(Encoding.ASCII.GetString(result.Buffer));
                client.Sent.AdvanceTo(result.Buffer.End);
            }
        }
    }

    private void Reply(MultiplexRequest request, string reply) =>
        _replies.Complete(request, Completion.Replied(Encoding.ASCII.GetBytes(reply), endsConnection: false));

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
            if (_client.Sent.TryRead(out var read))
            {
                text.Append(Encoding.Latin1.GetString(read.Buffer));
                _client.Sent.AdvanceTo(read.Buffer.End);
            }
            else if (_client.Connection.Aborted)
            {
                return text.ToString();
            }

            await Task.Yield();
        }
    }
}
