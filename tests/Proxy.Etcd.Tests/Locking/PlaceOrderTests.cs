using System.Globalization;
using Proxy.Etcd.Locking;

namespace Proxy.Etcd.Tests.Locking;

public sealed class PlaceOrderTests
{
    private readonly PlaceOrder _order = new();

    [Fact]
    public void RankOf_AddedAndRemovedAtRandom_AsAListSays()
    {
        var random = new Random(20);
        List<KeyPlace> places = [];
        for (var i = 0; i < 5000; i++)
        {
            if (places.Count == 0 || random.Next(100) < (i < 2500 ? 60 : 40))
            {
                places.Add(new(i.ToString(CultureInfo.InvariantCulture), i, LockRecord.Unknown));
                _order.Add(places[^1]);
            }
            else
            {
                var index = random.Next(4) > 0 ? 0 : random.Next(places.Count);
                _order.Remove(places[index]);
                places.RemoveAt(index);
            }

            if (i % 50 == 0)
            {
                Assert.Equal(places, _order.All());
                Assert.Equal(Enumerable.Range(0, places.Count), places.Select(_order.RankOf));
                Assert.Equal(places.Count, _order.Count);
            }
        }
    }
}
