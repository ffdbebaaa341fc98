using System.Runtime.CompilerServices;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class MessageArraysTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(1_048_576)]
    [InlineData(1_048_577)]
    [InlineData(5_000_000)]
    public void Rent_AnySize_AtLeastTheLengthThatIsForeseen(int size)
    {
        var array = MessageArrays.Shared.Rent(size);

        Assert.InRange(MessageArrays.LengthFor(size), size, array.Length);
        MessageArrays.Shared.Return(array);
    }

    [Fact]
    public void Return_Nothing_IsAllowed() => MessageArrays.Shared.Return([]);

    // Where a size has run out, the next one is given. An instance of its own: other tests rent from the shared one at the same time.
    [Theory]
    [InlineData(128 * 1024, 8)]
    [InlineData(1024 * 1024, 4)]
    [InlineData(2 * 1024 * 1024, 0)]
    public void Return_ManyOfASize_FewAreKept(int size, int kept)
    {
        var arrays = new MessageArrays();
        var returned = RentAndReturn(arrays, size);

        GC.Collect();

        Assert.Equal(kept, returned.Count(static array => array.IsAlive));
        GC.KeepAlive(arrays);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> RentAndReturn(MessageArrays from, int size)
    {
        var arrays = Enumerable.Range(0, 20).Select(_ => from.Rent(size)).ToList();
        arrays.ForEach(from.Return);
        return [.. arrays.Select(static array => new WeakReference(array))];
    }
}
