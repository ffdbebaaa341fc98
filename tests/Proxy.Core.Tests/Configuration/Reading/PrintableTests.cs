using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("a\u001b[2Jb", "a\\u001b[2Jb")]
    [InlineData("a\nb", "a\\u000ab")]
    [InlineData("a\u202eb", "a\\u202eb")]
    [InlineData("a\u2028b", "a\\u2028b")]
    [InlineData("a\tb", "a\\u0009b")]
    [InlineData("größe 😀", "größe 😀")]
    public void Escape_WhateverOthersNamed_MovesNoTerminal(string text, string expected) => Assert.Equal(expected, Printable.Escape(text));

    [Fact]
    public void Escape_TabsOfAProgram_Stay() => Assert.Equal("a\tb\\u000a", Printable.Escape("a\tb\n", tabs: true));
}
