using FsCheck;
using FsCheck.Fluent;
using Proxy.Multiplexing;
using Proxy.Multiplexing.Framing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class FairQueueTests : IAsyncLifetime
{
    private readonly TestClient _client = new();

    /// <summary>Each client's requests come in their order, and no client comes twice while another one that waits has not come once.</summary>
    [Fact]
    public void Dequeue_AnyRequestsOfAnyClients_InOrderAndInTurn()
    {
        var steps = Gen.Frequency((2, Gen.Choose(0, 3)), (1, Gen.Constant(-1))).ToArbitrary().Array();

        Check.One(Config.QuickThrowOnFailure.WithEndSize(60), Prop.ForAll(steps, InOrderAndInTurn));
    }

    [Fact]
    public void Return_ARequestThatWasTaken_ComesBeforeTheOthersOfItsClient()
    {
        var queue = new FairQueue();
        var lane = _client.CreateLane();
        var (first, second) = (Enqueue(queue, lane), Enqueue(queue, lane));
        Assert.Same(first, queue.Dequeue());

        queue.Return(first);

        Assert.Equal(2, queue.Count);
        Assert.Same(first, queue.Dequeue());
        Assert.Same(second, queue.Dequeue());
        Assert.Null(queue.Dequeue());
    }

    [Fact]
    public void Return_TheOnlyRequest_OneThatComesLaterIsBehindIt()
    {
        var queue = new FairQueue();
        var lane = _client.CreateLane();
        var first = Enqueue(queue, lane);
        queue.Dequeue();
        queue.Return(first);

        var second = Enqueue(queue, lane);

        Assert.Same(first, queue.Dequeue());
        Assert.Same(second, queue.Dequeue());
        Assert.Equal(0, queue.Count);
    }

    [Theory]
    [InlineData(true, true, 1, 0, true)] // reads go together
    [InlineData(true, true, 1, 1, false)] // but not beside a write
    [InlineData(true, false, 1, 0, false)] // a write goes alone
    [InlineData(true, false, 0, 0, true)]
    [InlineData(false, false, 1, 1, true)] // one connection keeps the order by itself
    public void Dequeue_OthersOfTheClientAreInFlight_OnlyWhatMayNotOvertakeThem(
        bool keepsOrder,
        bool isSafe,
        int inFlight,
        int unsafeInFlight,
        bool isSent
    )
    {
        var queue = new FairQueue { KeepsOrder = keepsOrder };
        var lane = _client.CreateLane();
        var request = Enqueue(queue, lane, isSafe ? MessageTraits.Safe : MessageTraits.None);
        (lane.InFlight, lane.UnsafeInFlight) = (inFlight, unsafeInFlight);

        Assert.Equal(isSent ? request : null, queue.Dequeue());

        Assert.Equal(isSent ? 0 : 1, queue.Count);
        (lane.InFlight, lane.UnsafeInFlight) = (0, 0);
        queue.Queue(lane); // what it waited for is done
        Assert.Equal(isSent ? null : request, queue.Dequeue());
    }

    [Fact]
    public void Queue_ClientIsGone_GetsNoTurn()
    {
        var queue = new FairQueue();
        var lane = _client.CreateLane();
        lane.IsGone = true;

        Enqueue(queue, lane);

        Assert.Null(queue.Dequeue());
    }

    [Fact]
    public void TakeWhere_SomeOfALane_TheOthersKeepTheirOrder()
    {
        var queue = new FairQueue();
        var lane = _client.CreateLane();
        var requests = Enumerable.Range(0, 5).Select(_ => Enqueue(queue, lane)).ToList();
        var taken = new List<MultiplexRequest>();

        queue.TakeWhere(lane, (request, argument) => requests.IndexOf(request) % 2 == argument, 0, taken);

        Assert.Equal([requests[0], requests[2], requests[4]], taken);
        Assert.Equal(2, queue.Count);
        Assert.Equal([requests[1], requests[3], null], [queue.Dequeue(), queue.Dequeue(), queue.Dequeue()]);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _client.DisposeAsync();

    // A number is a client that asks, and -1 takes the next request out.
    private void InOrderAndInTurn(int[] steps)
    {
        var queue = new FairQueue();
        var lanes = Enumerable.Range(0, 4).Select(_ => _client.CreateLane()).ToList();
        var waiting = lanes.ToDictionary(static lane => lane, static _ => new Queue<MultiplexRequest>());
        var passed = lanes.ToDictionary(static lane => lane, static _ => new HashSet<RequestLane>()); // which came since its own turn
        foreach (var step in steps.Concat(Enumerable.Repeat(-1, steps.Length)))
        {
            if (step >= 0)
            {
                waiting[lanes[step]].Enqueue(Enqueue(queue, lanes[step]));
            }
            else if (queue.Dequeue() is { } request)
            {
                var lane = request.Lane!;
                Assert.Same(waiting[lane].Dequeue(), request);
                passed[lane].Clear();
                foreach (var other in lanes.Where(other => other != lane && waiting[other].Count > 0))
                {
                    Assert.True(passed[other].Add(lane), "A client came twice while another one waited.");
                }
            }

            Assert.Equal(waiting.Values.Sum(static requests => requests.Count), queue.Count);
        }

        Assert.Equal(0, queue.Count);
    }

    private static MultiplexRequest Enqueue(FairQueue queue, RequestLane lane, MessageTraits traits = MessageTraits.None)
    {
        var request = new MultiplexRequest(lane.Client) { Lane = lane, Traits = traits };
        queue.Enqueue(request);
        return request;
    }
}
