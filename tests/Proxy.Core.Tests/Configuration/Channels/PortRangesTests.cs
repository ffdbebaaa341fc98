using Proxy.Configuration.Channels;

namespace Proxy.Core.Tests.Configuration.Channels;

public sealed class PortRangesTests
{
    [Theory]
    [InlineData("", new int[0])]
    [InlineData("9100", new[] { 9100 })]
    [InlineData("9100-9102", new[] { 9100, 9101, 9102 })]
    [InlineData("9102,9100-9101,1,65535", new[] { 9102, 9100, 9101, 1, 65535 })]
    public void Write_Ports_AreReadInTheirOrder(string text, int[] ports)
    {
        Assert.Equal(text, PortRanges.Write(ports));
        Assert.True(PortRanges.TryRead(text, out var read));
        Assert.Equal(ports, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(",")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("2-1")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("1-2-3")]
    [InlineData(" 1")]
    [InlineData("+1")]
    [InlineData("1-1025")]
    [InlineData("1-1024,2000")]
    public void TryRead_WhatNobodyWrites_IsRefused(string? text) => Assert.False(PortRanges.TryRead(text, out _));
}
