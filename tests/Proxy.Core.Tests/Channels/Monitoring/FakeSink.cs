using System.Threading.Channels;
using Proxy.Channels.Monitoring;

namespace Proxy.Core.Tests.Channels.Monitoring;

/// <summary>A sink that waits for the test's word at each notification.</summary>
internal sealed class FakeSink : INotificationSink
{
    private readonly Channel<ChannelNotice> _told = Channel.CreateUnbounded<ChannelNotice>();
    private readonly Channel<string?> _answers = Channel.CreateUnbounded<string?>();
    private int _running;

    public string Text => "fake";

    /// <summary>The most that ran at once.</summary>
    public int MostAtOnce { get; private set; }

    public async Task<string?> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _running));
        try
        {
            Assert.True(_told.Writer.TryWrite(notice));
            return await _answers.Reader.ReadAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public async Task<ChannelNotice> NextAsync() => await _told.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Limit);

    public bool HasNext() => _told.Reader.TryPeek(out _);

    public void Answer(string? failure = null) => Assert.True(_answers.Writer.TryWrite(failure));
}
