using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Host.Admin;

namespace Proxy.Host.Tests.Admin;

/// <summary>Frames are shared by all readers, created only while there are readers, and a reader that never reads is disconnected.</summary>
public sealed class EventFeedTests : IDisposable
{
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _ending = new();
    private readonly ManualTime _time = new();
    private int _made;

    [Fact]
    public async Task NextAsync_TwoReaders_GetTheSameFrame()
    {
        using var feed = Create();
        feed.Join(_ending);
        feed.Join(_ending);

        var (one, other) = (feed.NextAsync(), feed.NextAsync());
        _time.Advance(_second);

        Assert.Equal(await one.WaitAsync(Eventually.Limit), await other.WaitAsync(Eventually.Limit)); // the same memory, not just equal bytes
    }

    [Fact]
    public async Task Leave_TheLastReader_NoFrameIsCreatedUntilAnotherJoins()
    {
        using var feed = Create();
        var place = feed.Join(_ending);
        _time.Advance(_second);
        Assert.True(_made > 0);
        feed.Leave(place);
        _made = 0;

        _time.Advance(10 * _second);
        Assert.Equal(0, _made);
        feed.Join(_ending);
        var next = feed.NextAsync();
        _time.Advance(_second);

        await next.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task NextAsync_AFrameFails_TheNextComes()
    {
        using var feed = new EventFeed(
            () => Interlocked.Increment(ref _made) == 1 ? throw new InvalidOperationException() : new byte[1],
            _time,
            NullLogger<EventFeed>.Instance
        );
        feed.Join(_ending);
        var next = feed.NextAsync();

        _time.Advance(TimeSpan.Zero);
        Assert.False(next.IsCompleted);
        _time.Advance(_second);

        await next.WaitAsync(Eventually.Limit);
        Assert.Equal(2, _made);
    }

    [Fact]
    public async Task WriteAsync_AReaderThatNeverReads_IsDisconnectedAndRemoved()
    {
        var feed = Create();
        var lifetime = new HttpRequestLifetimeFeature();
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton<TimeProvider>(_time).BuildServiceProvider(),
        };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        using var stuck = new StuckStream();
        context.Response.Body = stuck;

        var writing = EventsApi.WriteAsync(context, feed);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_second);
            return writing.IsCompleted;
        });

        await writing;
        Assert.True(stuck.Asked);
        Assert.All(Enumerable.Range(0, EventFeed.MaxReaders), _ => feed.Join(_ending));
        Assert.False(_ending.IsCancellationRequested);
        feed.Dispose();
    }

    [Fact]
    public void Join_AtTheLimit_ReplacesTheLongestConnected()
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
        feed.Leave(first); // has no effect, since the reader was replaced
        Assert.False(second.IsCancellationRequested);
        feed.Join(others);
        Assert.True(second.IsCancellationRequested);
        Assert.False(others.IsCancellationRequested);
    }

    [Fact]
    public async Task WriteAsync_AReaderThatNeverReadsIsReplaced_IsDisconnected()
    {
        using var feed = Create();
        var lifetime = new Lifetime();
        using var stuck = new StuckStream();
        var writing = await ReplaceDuringAWriteAsync(feed, lifetime, stuck);

        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_second);
            return writing.IsCompleted;
        });

        await writing;
        Assert.True(lifetime.Aborted);
    }

    [Fact]
    public async Task WriteAsync_AReaderIsReplacedWhileItReads_EndsInOrder()
    {
        using var feed = Create();
        var lifetime = new Lifetime();
        using var slow = new StuckStream();
        var writing = await ReplaceDuringAWriteAsync(feed, lifetime, slow);

        slow.GoOn();

        await writing.WaitAsync(Eventually.Limit);
        Assert.False(lifetime.Aborted);
    }

    public void Dispose() => _ending.Dispose();

    /// <summary>Has a reader join, and all places taken by others once it is sent a frame.</summary>
    private async Task<Task> ReplaceDuringAWriteAsync(EventFeed feed, Lifetime lifetime, StuckStream body)
    {
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddSingleton<TimeProvider>(_time).BuildServiceProvider(),
        };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Response.Body = body;
        var writing = EventsApi.WriteAsync(context, feed);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_second);
            return body.Asked;
        });
        Assert.All(Enumerable.Range(0, EventFeed.MaxReaders), _ => feed.Join(_ending));
        return writing;
    }

    private EventFeed Create() => new(() => BitConverter.GetBytes(Interlocked.Increment(ref _made)), _time, NullLogger<EventFeed>.Instance);

    /// <summary>A stream whose writes do not complete until it goes on.</summary>
    private sealed class StuckStream : MemoryStream
    {
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Asked { get; private set; }

        public void GoOn() => _goOn.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Asked = true;
            await _goOn.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public bool Aborted { get; private set; }

        public void Abort() => Aborted = true;
    }
}
