using System.Text;
using Proxy.Etcd.Locking;

namespace Proxy.Etcd.Tests.Locking;

public sealed class LockRecordTests
{
    [Fact]
    public void Parse_WhatWasWritten_TheSame()
    {
        var record = new LockRecord("A_10", "0HN1", "10.0.0.7:51234", 3, true);

        Assert.Equal(record, LockRecord.Parse(record.ToBytes()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("held by hand")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Parse_WrittenBySomebodyElse_Unknown(string value) =>
        Assert.Equal(LockRecord.Unknown, LockRecord.Parse(Encoding.UTF8.GetBytes(value)));
}
