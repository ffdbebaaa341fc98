using Proxy.Limits;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class ByteBufferTests
{
    private const int Size = 16 * 1024;
    private readonly ByteBudget _budget = new(1 << 30);
    private readonly ByteHolder _holder = new();
    private readonly ByteBuffer _buffer;

    public ByteBufferTests()
    {
        _holder.Open(_budget);
        _buffer = new(_holder);
    }

    [Fact]
    public void NextGrowth_Full_CountsThePresentArrayToo()
    {
        Fill(Size);

        var growth = _buffer.NextGrowth(int.MaxValue);

        Assert.Equal((Size, 2 * Size), (_holder.Held, growth)); // both are there while bytes are copied
        Assert.True(_holder.TryReserve(growth));
        Assert.Equal(3 * Size, _budget.Used);
        _buffer.Room(int.MaxValue);
        Assert.Equal((2 * Size, 2 * Size), (_holder.Held, _budget.Used));
    }

    [Fact]
    public void NextGrowth_SpaceInFront_Nothing()
    {
        Fill(Size);
        _buffer.Consume(10);

        Assert.Equal(0, _buffer.NextGrowth(int.MaxValue));
        Assert.Equal(10, _buffer.Room(int.MaxValue).Length);
    }

    [Fact]
    public void NextGrowth_SmallBuffer_NotCounted()
    {
        Fill(ByteBudget.Uncounted / 4);

        Assert.Equal(0, _buffer.NextGrowth(int.MaxValue));
    }

    [Theory]
    [InlineData(3 * 1024 * 1024)]
    [InlineData(1024 * 1024)]
    public void Room_NearTheLongestContent_GrowsNoFurther(int most)
    {
        var bytes = new byte[most - 10];
        bytes[^1] = 1;
        _buffer.Append(bytes.AsSpan(0, most / 2));
        while (_buffer.Count < bytes.Length)
        {
            var room = _buffer.Room(most);
            var count = Math.Min(room.Length, bytes.Length - _buffer.Count);
            bytes.AsMemory(_buffer.Count, count).CopyTo(room);
            _buffer.Advance(count);
        }

        Assert.Equal(most, _holder.Held);
        Assert.True(_buffer.Span.SequenceEqual(bytes));
        _buffer.Release();
        Assert.Equal((0, 0), (_holder.Held, _budget.Used));
    }

    private void Fill(int size)
    {
        _buffer.Append(new byte[size]);
    }
}
