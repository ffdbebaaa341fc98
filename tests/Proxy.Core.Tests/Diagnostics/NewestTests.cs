using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class NewestTests
{
    private readonly Newest<string, int> _newest = new(2, StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void Set_MoreThanThereMayBe_TheOldestGoes()
    {
        _newest.Set("a", 1);
        _newest.Set("b", 2);
        _newest.Set("A", 3); // a change, which makes it no younger

        _newest.Set("c", 4);

        Assert.False(_newest.TryGet("a", out _));
        Assert.Equal([2, 4], _newest.Values);
    }

    [Fact]
    public void Remove_AndSetAgain_IsTheNewest()
    {
        _newest.Set("a", 1);
        _newest.Set("b", 2);

        _newest.Remove("a");
        _newest.Set("a", 3);
        _newest.Set("c", 4);

        Assert.Equal(["a", "c"], _newest.Keys);
    }
}
