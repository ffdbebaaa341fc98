using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Host.Admin;

namespace Proxy.Host.Tests.Admin;

/// <summary>One frame for all, nothing for nobody, and no reader that holds on for ever.</summary>
public sealed class EventFeedTests : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private int _made;

    [Fact]
    public async Task NextAsync_TwoReaders_GetTheSameFrame()
    {
        using var feed = Create();
        feed.Join(_ending);
        feed.Join(_ending);

        var (one, other) = (feed.NextAsync(), feed.NextAsync());

        Assert.Equal(await one.WaitAsync(Eventually.Limit), await other.WaitAsync(Eventually.Limit)); // the same memory, not only the same bytes
    }

    [Fact]
    public async Task Leave_TheLastReader_NothingIsMadeUntilAnotherJoins()
    {
        using var feed = Create();
        var place = feed.Join(_ending);
        await feed.NextAsync().WaitAsync(Eventually.Limit);
        feed.Leave(place);
        await Eventually.TrueAsync(async () =>
        {
            // The tick that was under way may still come.
            var before = Volatile.Read(ref _made);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            return before == Volatile.Read(ref _made);
        });

        feed.Join(_ending);
        await feed.NextAsync().WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task NextAsync_AFrameFails_TheNextComes()
    {
        using var feed = new EventFeed(
            () => Interlocked.Increment(ref _made) == 1 ? throw new InvalidOperationException() : new byte[1],
            new HastyTime(),
            NullLogger<EventFeed>.Instance
        );
        feed.Join(_ending);

        await feed.NextAsync().WaitAsync(Eventually.Limit);

        Assert.True(Volatile.Read(ref _made) > 1);
    }

    [Fact]
    public async Task WriteAsync_AReaderThatNeverReads_IsCutAndItsPlaceIsFree()
    {
        using var feed = Create();
        var lifetime = new HttpRequestLifetimeFeature();
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton<TimeProvider>(new HastyTime()).BuildServiceProvider(),
        };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        using var stuck = new StuckStream();
        context.Response.Body = stuck;

        await EventsApi.WriteAsync(context, feed).WaitAsync(Eventually.Limit);

        Assert.True(stuck.Asked);
        Assert.All(Enumerable.Range(0, EventFeed.MaxReaders), _ => feed.Join(_ending));
        Assert.False(_ending.IsCancellationRequested);
    }

    [Fact]
    public void Join_AllPlacesAreTaken_TheLongestConnectedLosesIts()
    {
        using var feed = Create();
        using var second = new CancellationTokenSource();
        var first = feed.Join(_ending);
        feed.Join(second);
        using var others = new CancellationTokenSource();
        Assert.All(Enumerable.Range(0, EventFeed.MaxReaders - 2), _ => feed.Join(others));
        Assert.False(_ending.IsCancellationRequested);

        feed.Join(others);

        Assert.True(_ending.IsCancellationRequested);
        feed.Leave(first); // frees no place a second time
        Assert.False(second.IsCancellationRequested);
        feed.Join(others);
        Assert.True(second.IsCancellationRequested);
        Assert.False(others.IsCancellationRequested);
    }

    [Fact]
    public async Task WriteAsync_AReaderThatNeverReadsLosesItsPlace_IsCut()
    {
        using var feed = Create();
        var lifetime = new Lifetime();
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider(),
        };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        using var stuck = new StuckStream();
        context.Response.Body = stuck;

        await Task.WhenAll(EventsApi.WriteAsync(context, feed), TakePlacesAsync()).WaitAsync(Eventually.Limit);

        Assert.True(lifetime.Aborted);

        async Task TakePlacesAsync()
        {
            await Eventually.TrueAsync(() => stuck.Asked);
            Assert.All(Enumerable.Range(0, EventFeed.MaxReaders), _ => feed.Join(_ending));
        }
    }

    public void Dispose() => _ending.Dispose();

    private EventFeed Create() =>
        new(() => BitConverter.GetBytes(Interlocked.Increment(ref _made)), new HastyTime(), NullLogger<EventFeed>.Instance);

    /// <summary>A clock whose timers are a thousand times too early.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

        private static TimeSpan Sooner(TimeSpan time) =>
            time > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Max(1, time.TotalMilliseconds / 1000)) : time;
    }

    /// <summary>Takes nothing.</summary>
    private sealed class StuckStream : MemoryStream
    {
        public bool Asked { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Asked = true;
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public bool Aborted { get; private set; }

        public void Abort() => Aborted = true;
    }
}
