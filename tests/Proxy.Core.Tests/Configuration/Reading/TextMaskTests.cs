using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class TextMaskTests
{
    private readonly TextMask _mask = new(["secret", "secret-longer", "longer-still", "aaa"]);

    [Theory]
    [InlineData("nothing here", "nothing here")]
    [InlineData("secret", "***")]
    [InlineData("a secret and a secret.", "a *** and a ***.")]
    [InlineData("Secret", "Secret")]
    [InlineData("x secret-longer y", "x *** y")]
    [InlineData("x secret-longer-still y", "x *** y")]
    [InlineData("aaaaa b", "*** b")]
    [InlineData("", "")]
    public void Apply_Text_HidesEveryValueWhole(string text, string shown) => Assert.Equal(shown, _mask.Apply(text, 1000));

    [Theory]
    [InlineData(8, "12 ***")]
    [InlineData(3, "12 ")]
    [InlineData(9, "12 ***")]
    [InlineData(12, "12 *** 45")]
    public void Apply_ValueAcrossTheEnd_IsHiddenWhole(int length, string shown) =>
        Assert.Equal(shown, _mask.Apply("12 secret 456", length));

    [Fact]
    public void Apply_NoValues_ShowsAll() => Assert.Equal("secr", TextMask.None.Apply("secret", 4));
}
