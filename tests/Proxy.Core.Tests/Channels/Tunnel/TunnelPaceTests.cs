using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Proxy.Channels.Tunnel;
using Proxy.Limits;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelPaceTests
{
    private readonly ManualTime _time = new();
    private readonly ByteBudget _process = new(1000);
    private readonly TunnelPace _pace;

    public TunnelPaceTests() => _pace = new(_process, _time);

    [Theory]
    [InlineData(0, 499, false)]
    [InlineData(0, 500, true)] // half is for tunnels
    [InlineData(1000, 249, false)] // others have used up the rest
    [InlineData(1000, 250, true)]
    [InlineData(700, 250, false)]
    public void IsSlow_ByWhatTunnelsAndOthersUse(int others, int tunnels, bool isSlow)
    {
        _process.Add(others);
        _pace.Memory.Add(tunnels);

        Assert.Equal(isSlow, _pace.IsSlow);
        Assert.Equal(others + tunnels, _process.Used);
    }

    [Fact]
    public async Task Slow_MemoryUsedUp_StreamIsReadAfterAPause()
    {
        using var bytes = new MemoryStream([1, 2, 3]);
        await using var stream = _pace.Slow(bytes);
        var buffer = new byte[1];
        Assert.Equal(1, await stream.ReadAsync(buffer));
        _pace.Memory.Add(500);

        var read = stream.ReadAsync(buffer).AsTask();

        Assert.False(read.IsCompleted);
        Assert.Equal(1, bytes.Position);
        _time.Advance(TunnelPace.Pause);
        Assert.Equal((1, 2), (await read, buffer[0]));
        _pace.Memory.Add(-500);
        Assert.True(stream.ReadAsync(buffer).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task SlowAsync_MemoryUsedUp_ConnectionIsReadAfterAPause()
    {
        var (input, output) = (new Pipe(), new Pipe());
        await using var connection = new DefaultConnectionContext { Transport = new Ends(input.Reader, output.Writer) };
        await input.Writer.WriteAsync(new byte[10]);
        await _pace.SlowAsync(
            connection,
            async slow =>
            {
                var first = await slow.Transport.Input.ReadAsync();
                slow.Transport.Input.AdvanceTo(first.Buffer.GetPosition(4));
                _pace.Memory.Add(500);
                var read = slow.Transport.Input.ReadAsync().AsTask();
                Assert.False(read.IsCompleted);
                _time.Advance(TunnelPace.Pause);
                Assert.Equal(6, (await read).Buffer.Length);
            }
        );
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
