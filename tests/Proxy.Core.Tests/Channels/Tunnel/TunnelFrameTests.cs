using Proxy.Channels.Tunnel;

namespace Proxy.Core.Tests.Channels.Tunnel;

public sealed class TunnelFrameTests
{
    public static TheoryData<byte[]> Examples =>
        [
            new TunnelFrame().ToBytes(),
            new TunnelFrame { [TunnelField.Status] = "200" }.ToBytes(),
            new TunnelFrame { [TunnelField.Status] = "503", [TunnelField.Reason] = "draining" }.ToBytes(),
            new TunnelFrame
            {
                [TunnelField.Connector] = "ring",
                [TunnelField.Instance] = "A_11",
                [TunnelField.Epoch] = "0123456789abcdef",
                [TunnelField.Port] = "9100",
                [TunnelField.From] = "A_10",
                [TunnelField.Connection] = "0000002A",
                [TunnelField.Trace] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                [TunnelField.Forwarded] = "for=\"127.0.0.1:52344\"",
            }.ToBytes(),
        ];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task ReadAsync_AnySplit_ReadsTheFrameAndNoByteMore(byte[] frame)
    {
        for (var split = 0; split <= frame.Length; split++)
        {
            await using var stream = new Pieces(frame[..split], frame[split..], [0xFF]);

            var read = await TunnelFrame.ReadAsync(stream, CancellationToken.None);

            Assert.Equal(frame, read!.ToBytes());
            Assert.Equal(0xFF, stream.ReadByte());
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task ReadAsync_EndWithinTheFrame_IsAnEnd(byte[] frame)
    {
        for (var count = 0; count < frame.Length; count++)
        {
            await using var stream = new Pieces(frame[..count]);

            await Assert.ThrowsAsync<EndOfStreamException>(async () => await TunnelFrame.ReadAsync(stream, CancellationToken.None));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 })] // no version
    [InlineData(new byte[] { 0, 1, 2 })] // another version
    [InlineData(new byte[] { 0, 2, 1, 1 })] // a field without a length
    [InlineData(new byte[] { 0, 4, 1, 1, 2, 65 })] // a value that is cut
    [InlineData(new byte[] { 0, 7, 1, 1, 1, 65, 1, 1, 65 })] // a field twice
    [InlineData(new byte[] { 0x0F, 0xFF })] // longer than a frame may be
    public async Task ReadAsync_Malformed_Null(byte[] frame)
    {
        await using var stream = new Pieces(frame);

        Assert.Null(await TunnelFrame.ReadAsync(stream, CancellationToken.None));
    }

    [Fact]
    public void TryParse_UnknownFields_AreSkipped()
    {
        Assert.True(TunnelFrame.TryParse([1, 200, 2, 0, 0, 1, 1, 65, 200, 0], out var frame));

        Assert.Equal("A", frame[TunnelField.Connector]);
    }

    [Fact]
    public void ToBytes_ValueTooLong_Throws() =>
        Assert.Throws<ArgumentException>(() => new TunnelFrame { [TunnelField.Reason] = new string('x', 256) }.ToBytes());

    [Fact]
    public void TryParse_Anything_NeverThrows()
    {
        var random = new Random(20261129);
        var parsed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var content = new byte[random.Next(40)];
            for (var j = 0; j < content.Length; j++)
            {
                content[j] = (byte)(random.Next(4) == 0 ? random.Next(256) : random.Next(20)); // fields and lengths are small, as a rule
            }

            if (TunnelFrame.TryParse([1, .. content], out var frame))
            {
                parsed++;
                _ = TunnelRequest.TryRead(frame, out _);
            }
        }

        Assert.NotEqual(0, parsed);
    }

    /// <summary>A stream that gives one piece after the other, each at one or more reads.</summary>
    private sealed class Pieces(params byte[][] pieces) : MemoryStream([.. pieces.SelectMany(static piece => piece)])
    {
        private readonly List<int> _ends = [.. pieces.Select((_, index) => pieces.Take(index + 1).Sum(static piece => piece.Length))];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var end = _ends.Find(end => end > Position);
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, (int)Math.Max(0, end - Position))], cancellationToken);
        }
    }
}
